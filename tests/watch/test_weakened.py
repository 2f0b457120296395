"""What a pull request may weaken is put before the person who reviews it."""

import pytest

from scripts.watch.weakened import Tree, shrunk, summary

TEST = "snippets/topic/slug/test_slug.py"
BEFORE: Tree = {
    "data/published.txt": "1/ a/b/\na/b/\na/b/#c\n",
    "tests/search.tsv": "phrase\tid\tset\none\t1\theld-out\ntwo\t1\ttuned\n",
    TEST: "def test_a() -> None:\n    assert 1\n\n\ndef test_b() -> None:\n    assert 2\n    assert 3\n",
    "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
    "docs/topic/slug.md": "# Why?\n",
}


def test_a_page_alone_touches_no_gate() -> None:
    assert "No gate is touched." in summary(BEFORE, BEFORE | {"docs/topic/slug.md": "# How?\n"})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (TEST, "def test_a() -> None:\n    assert 1\n", "-5; **gone: `test_b`**; **2 assertions fewer**"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 200\n", "  -line-length = 100\n  +line-length = 200"),
        ("Makefile", "test:\n", "### What CI does, and who is asked\n\n- `Makefile` +1 / -0"),
        ("ruff.toml", "", ""),
        ("requirements/test.txt", "a==1\n", "### What is installed"),
        ("docs/assets/answers.js", "x\n", "### What runs in readers' browsers"),
        ("data/checked.yml", "passed: 5\n", "  +passed: 5"),
        ("requirements/site.in", "more\n", "  +more"),
        ("tests/mistakes/kinds/a.tsv", "a\tb\n", "  +a\tb"),
        ("data/sources.tsv", "a.example\tb\n", "  +a.example\tb"),
        ("scripts/validation/rules.py", "x\n", "### The rules, and what holds them"),
        ("tests/test_it.py", "@pytest.mark.skip\n", "+1 / -0; **1 more tests are left out**"),
        ("scripts/authors/check.py", "x\n", "### The rest of what checks and builds"),
        ("tests/proving/hooks.py", "x\n", "### What proves, and what is recorded as proved"),
    ],
)  # fmt: skip
def test_a_touched_gate_is_named(name: str, text: str, says: str) -> None:
    assert says in summary(BEFORE, BEFORE | {name: text})


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("snippets/a/b/wrong_no_end.py", "snippets/a/b/no_end.py", "y = 2\n"),
        ("snippets/a/b/wrong_no_end.py", "snippets/a/b/other.py", "x = 1\n"),
        ("snippets/a/b/no_end.py", "snippets/a/b/wrong_no_end.py", "x = 1\n"),
    ],
)
def test_code_that_is_no_longer_called_wrong_is_named(old: str, new: str, text: str) -> None:
    assert f"- **`{old}`, " in summary({old: "x = 1\n"}, {new: text})
    assert "**" not in summary({old: "x = 1\n"}, {f"snippets/c/{old[9:]}": "x = 1\n"})


RULES = '@rule("Files")\ndef every_file_is_small(root: Path) -> Iterator[Problem]:\n    yield\n'
MISTAKE = "every_file_is_small\tlarge file\tPAGE\t+x\t\tx\ttoo large"


@pytest.mark.parametrize(
    ("name", "text", "less", "says"),
    [
        ("scripts/validation/files/places.py", RULES, "", "**gone: `every_file_is_small`**"),
        ("scripts/validation/files/places.py", RULES, RULES[14:], "`every_file_is_small`"),
        ("scripts/validation/files/places.py", "MOST = 60_000\n", "MOST = 90_000\n", "`MOST = 60_000`"),
        ("tests/test_cover.py", "LEAST: float = 0.9  # of all\n", "", "**gone: `LEAST: float = 0.9`**"),
        ("tests/mistakes/kinds/files.tsv", f"{MISTAKE}\n", "", "**gone: `large file`**"),
        ("tests/mistakes/files.py", 'Mistake(\n    "large file",\n)\n', "", "**gone: `large file`**"),
    ],
)  # fmt: skip
def test_what_a_gate_loses_is_named(name: str, text: str, less: str, says: str) -> None:
    assert says in summary({name: text}, {name: less})
    assert "gone" not in summary({name: text}, {name: text + "\n# more\n"})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("data/published.txt", "1/ a/b/\na/b/\n", "the published address a/b/#c is gone"),
        ("data/published.txt", "1/ a/z/\na/b/\na/b/#c\n", "the published address 1/ a/b/ is gone"),
        (
            "tests/search.tsv",
            "phrase\tid\tset\none\t1\ttuned\n",
            "0 of 1 held-out phrases are left",
        ),
    ],
)
def test_what_only_grows_may_not_shrink(name: str, text: str, says: str) -> None:
    assert [says in line for line in shrunk(BEFORE, BEFORE | {name: text})] == [True]

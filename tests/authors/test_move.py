"""`make move` moves an answer with everything that names it, or changes nothing."""

import re
from pathlib import Path

import pytest

from scripts.authors.arguments import code_folder
from scripts.authors.move import move, moved_record, redirect, relink
from scripts.authors.transaction import project_files
from scripts.catalogue.addresses import published
from scripts.catalogue.answers import load
from scripts.catalogue.identity import PUBLISHED, REDIRECTS
from scripts.catalogue.redirects import read_redirects, write_redirects
from scripts.project import ROOT
from scripts.runner.record import read_record
from scripts.runner.trials import SAME
from scripts.validation.code.runs import every_program_was_run_in_the_browser
from tests.conftest import make_repository

pytestmark = pytest.mark.site  # they copy the project, and only who changes the commands needs them

# An answer with links from and to it, and proofs; it goes to another topic.
FROM, TO = "concurrency/asynchronous-programming", "testing/computing"
OLD, NEW = f"snippets/{code_folder(FROM)}", f"snippets/{code_folder(TO)}"


def test_an_answer_moves_with_everything_that_names_it_and_back_again(repository: Path) -> None:
    before, listed = project_files(repository), published(repository)
    redirected = redirects(repository)
    headings = {a.partition("#")[2] for a in listed if a.startswith(f"{FROM}/#")}
    assert "in-review" in headings
    move(repository, FROM, TO)

    page = next(a for a in load(repository).answers.values() if a.source == f"{TO}.md")
    after = project_files(repository)
    assert page.snippets == NEW
    assert f"{NEW}/test_computing.py" in after
    assert len(after) == len(before)
    # The former names, as a path, as a module and as a link; `.` stands for both separators.
    names = rf"{OLD.replace('/', '.')}|\(((\.\./)?concurrency/)?asynchronous-programming\.md"
    left = re.compile(names.encode())
    assert [name for name, text in after.items() if left.search(text)] == []
    proofs = [c.proof for c in page.meta.corrections if c.proof.startswith("snippets/")]
    assert proofs
    assert all(proof.startswith(f"{NEW}/test_computing.py::") for proof in proofs)
    assert (
        b"(../testing/computing.md#shared-state-across-an-await)"
        in after["docs/concurrency/await.md"]
    )
    out = [b"(blocking-the-event-loop.md", b"(../concurrency/blocking-the-event-loop.md"]
    assert before[f"docs/{FROM}.md"].count(out[0]) == after[f"docs/{TO}.md"].count(out[1]) > 0
    assert redirects(repository) == redirected | {f"{FROM}/": f"{TO}/"}
    new = {f"{TO}/", *(f"{TO}/#{heading}" for heading in headings)}
    assert published(repository) == listed | new

    assert every_program_was_run_in_the_browser(repository) == []
    was, now = (read_record(root) for root in (ROOT, repository))
    assert [t.result for t in now.values()].count(SAME) == [t.result for t in was.values()].count(
        SAME
    )

    move(repository, TO, FROM)
    back = project_files(repository)
    assert {name for name in back if back[name] != before.get(name)} == {
        "data/published.txt",
        REDIRECTS,
    }
    assert back.keys() == before.keys()
    assert redirects(repository) == redirected | {f"{TO}/": f"{FROM}/"}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A folder with the lists of addresses: a former heading and a former page lead to a page."""
    (tmp_path / "data").mkdir()
    (tmp_path / REDIRECTS).write_text("# a comment\n", encoding="utf-8")
    (tmp_path / PUBLISHED).write_text("1/ t/a/\nt/a-b/\nt/a/\nt/a/#x\nt/old/\n", encoding="utf-8")
    write_redirects(tmp_path, {"t/a/#old": "t/a/#x", "t/old/": "t/a/"})
    return tmp_path


def redirects(root: Path) -> dict[str, str]:
    """Return all redirects below ``root``."""
    return {line.old: line.new for line in read_redirects(root)}


def test_the_record_of_what_runs_follows_in_the_order_of_its_paths() -> None:
    table = "# head\na/b/x.py\tsame\ta/b/x.txt:printed\na/b_c/y.py\truns\t-\nd/e/z.py\truns\t-\n"
    after = "# head\na/b_c/y.py\truns\t-\nd/e/z.py\truns\t-\nf/g/x.py\tsame\tf/g/x.txt:printed\n"
    assert moved_record(table, "a/b", "f/g") == after
    assert moved_record(after, "f/g", "a/b") == table


def test_a_move_onward_leaves_no_chain_and_one_back_no_loop(lists: Path) -> None:
    redirect(lists, "t/a/", "t/b/", published_before=False)
    assert redirects(lists) == {"t/a/": "t/b/", "t/b/#old": "t/b/#x", "t/old/": "t/b/"}
    listed = (lists / PUBLISHED).read_text(encoding="utf-8").splitlines()
    assert listed == ["1/ t/a/", "t/a-b/", "t/a/", "t/a/#x", "t/b/", "t/b/#x", "t/old/"]
    redirect(lists, "t/b/", "u/c/", published_before=False)
    assert redirects(lists) == {
        "t/a/": "u/c/",
        "t/b/": "u/c/",
        "t/old/": "u/c/",
        "u/c/#old": "u/c/#x",
    }
    redirect(lists, "u/c/", "t/a/", published_before=False)
    assert redirects(lists) == {
        "t/a/#old": "t/a/#x",
        "t/b/": "t/a/",
        "t/old/": "t/a/",
        "u/c/": "t/a/",
    }


@pytest.mark.parametrize("published_before", [True, False])
def test_only_a_page_that_was_published_gets_a_redirect(
    lists: Path, published_before: bool
) -> None:
    redirect(lists, "t/new/", "t/b/", published_before=published_before)
    assert redirects(lists).get("t/new/") == ("t/b/" if published_before else None)


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("a/x.md", "[b](old.md)", "[b](new.md)"),
        ("a/x.md", "[b](old.md#h) [c](old.md 'title')", "[b](new.md#h) [c](new.md 'title')"),
        ("b/x.md", "[b](../a/old.md#h), [c](../b/./y.md)", "[b](../a/new.md#h), [c](../b/./y.md)"),
        ("index.md", "[b](a/old.md)\n\n[b]: a/old.md\n", "[b](a/new.md)\n\n[b]: a/new.md\n"),
        ("a/x.md", "[b](very-old.md) [c](https://e.org/old.md)", None),
        ("a/x.md", "[b]({{ config.old }}/old.md) `old.md` (old.md)", None),
        ("b/x.md", "[another page of that name](old.md)", None),
    ],
)
def test_links_follow_a_page(page: str, text: str, expected: str | None) -> None:
    assert relink(text, page, "a/old", "a/new") == (text if expected is None else expected)


def test_links_of_a_page_that_goes_to_another_topic_lead_where_they_led() -> None:
    text = "[a](x.md#h) [b](../b/y.md) [c](#own) [d](../index.md) [e](old.md#own) ![f](../assets/f.svg)"
    moved = "[a](../a/x.md#h) [b](y.md) [c](#own) [d](../index.md) [e](new.md#own) ![f](../assets/f.svg)"
    assert relink(text, "b/new.md", "a/old", "b/new") == moved


BAD = {
    ("concurrency/gone", TO): "There is no answer 'concurrency/gone'. Write its topic and slug",
    ("concurrency", TO): "There is no answer 'concurrency'.",
    (FROM, "routing/await"): "There is no topic 'routing'. Choose one of: background-tasks, ",
    (FROM, "concurrency/Await"): "The slug 'Await' is not kebab-case. Write it like ",
    (FROM, "concurrency"): "The slug '' is not kebab-case.",
    (FROM, FROM): f"{FROM} is taken. Choose another slug.",
    (FROM, "concurrency/def-or-async-def"): "concurrency/def-or-async-def is taken.",
    (FROM, "concurrency/moved"): "concurrency/moved was the address of another answer.",
    (FROM, "concurrency/yield"): "Python cannot import a folder named 'yield'.",
    # Its tests use a fixture of the topic's conftest.py.
    ("concurrency/blocking-the-event-loop", "testing/blocking"): (
        "snippets/testing/blocking: its tests would not start: fixture 'race' not found. What tests of"
    ),
}


def test_a_move_that_cannot_be_made_gets_one_line_and_changes_nothing(
    tree: Path, subtests: pytest.Subtests
) -> None:
    write_redirects(tree, {"concurrency/moved/": "concurrency/await/"})
    before = project_files(make_repository(tree))
    for arguments, message in BAD.items():
        with subtests.test(arguments=arguments):
            with pytest.raises(SystemExit) as refused:
                move(tree, *arguments)
            assert str(refused.value).startswith(message)
            assert "\n" not in str(refused.value)
    broken = tree / f"{OLD}/reserve_before_await.py"
    broken.write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(
        SystemExit, match=rf"^{NEW}/reserve_before_await.py:1:1: .* Nothing was changed\.$"
    ):
        move(tree, FROM, TO)
    assert project_files(tree) == before | {f"{OLD}/reserve_before_await.py": b"<<<<<<< HEAD\n"}


def test_faults_of_the_catalogue_are_named_and_nothing_is_changed(repository: Path) -> None:
    page = repository / f"docs/{FROM}.md"
    page.write_text(f"<<<<<<< HEAD\n{page.read_text('utf-8')}", encoding="utf-8")
    before = project_files(repository)
    with pytest.raises(SystemExit, match=rf"docs/{FROM}.md:1: the page has no front matter"):
        move(repository, FROM, TO)
    assert project_files(repository) == before

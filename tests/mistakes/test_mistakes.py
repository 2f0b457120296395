"""Mistakes that contributors make, each applied to a copy of the real tree, and each refused.

A mistake is refused when a check of `make check`, or the build, prints a line that names the file, the line,
what is wrong and what to do. A well-formed contribution passes all of them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.authors.linters import LINTERS
from scripts.catalogue.answers import load
from scripts.catalogue.files.annotations import FAULT
from scripts.project import ROOT
from scripts.runner.record import RUNS
from scripts.validation.rules import RULES, SECTIONS
from tests.mistakes import table
from tests.mistakes.kinds import code, files, front_matter, one_line, pages, review_rules
from tests.mistakes.mistake import (
    BUILD,
    PAGE,
    PROVED,
    PYTEST,
    Mistake,
    Tree,
    add,
    all_of,
    build,
    catalogue,
    copy,
    lines,
    linter,
    move,
    replace,
    run,
    secret,
    snippet_tests,
    write,
)

pytestmark = pytest.mark.site  # some of them build the site

MISTAKES = [
    *front_matter.MISTAKES,
    *code.MISTAKES,
    *pages.MISTAKES,
    *files.MISTAKES,
    *one_line.MISTAKES,
    *review_rules.MISTAKES,
    *table.MISTAKES,
]
ANSWER = "docs/concurrency/event-loop-policy.md"
FOLDER = "snippets/concurrency/event_loop_policy"
ID = max(load().answers) + 1
TEXT = f"""---
id: {ID}
answer: "The event loop of a server is chosen by the server, not by the application: read it, do not set it."
asked_as:
  - Does my application run on uvloop?
level: deep
related: [7]
sources:
  - title: "Python: Event loop"
    url: https://docs.python.org/3/library/asyncio-eventloop.html
changes:
  - date: 2026-11-24
    text: First version.
---

# Which event loop runs the application?

{{{{ answer_head() }}}}

The server starts the loop. A coroutine can ask for it, see [`await`](await.md).

```python
--8<-- "concurrency/event_loop_policy/running_loop.py:loop"
```

{{{{ answer_foot() }}}}
"""
SNIPPET = """# --8<-- [start:loop]
import asyncio


async def loop_name() -> str:
    return type(asyncio.get_running_loop()).__name__


# --8<-- [end:loop]
"""
TEST = """import asyncio

from snippets.concurrency.event_loop_policy import running_loop


def test_the_running_loop_can_be_asked_for() -> None:
    assert asyncio.run(running_loop.loop_name()).endswith("EventLoop")
"""
PHRASES = "\n".join(f"event loop phrase {number}\t{ID}\ttuned" for number in range(8))
NEXT_RUN = "concurrency/finding_blocking_calls/debug_mode.py"
NEW_ANSWER = all_of(
    write(ANSWER, TEXT),
    write(f"{FOLDER}/running_loop.py", SNIPPET),
    write(f"{FOLDER}/test_event_loop_policy.py", TEST),
    add(PHRASES, "tests/search.tsv"),
    replace(RUNS, NEXT_RUN, f"concurrency/event_loop_policy/running_loop.py\truns\t-\n{NEXT_RUN}"),
)


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Return a copy of the project, one for all tests: each undoes what it did."""
    return copy(tmp_path_factory.mktemp("project"))


@pytest.fixture
def tree(copied: Tree) -> Tree:
    """Return the copy of the project as it is committed."""
    copied.restore()
    return copied


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_refused_with_the_file_and_the_remedy(tree: Tree, mistake: Mistake) -> None:
    mistake.edit(tree)
    output = mistake.check(tree.root)
    assert output, f"{mistake.name} is not refused"
    told = [line for line in output.splitlines() if mistake.says in line]
    assert told, f"no line says {mistake.says!r}:\n{output}"
    if not mistake.file:
        return
    place = re.match(rf"{re.escape(mistake.file)}:(\d+):", told[0])
    assert place, f"the line does not name {mistake.file}: {told[0]}"
    assert mistake.at in line_of(tree.root / mistake.file, int(place[1])), told[0]
    assert sum(bool(named(line)) for line in output.splitlines()) == mistake.lines, output


def named(line: str) -> re.Match[str] | None:
    """Return the fault that a line names; the end of a traceback is none."""
    return None if re.search(r": (in \w+|\w+(Error|Warning|Failed))$", line) else FAULT.match(line)


def line_of(path: Path, number: int) -> str:
    """Return a line of a file, from 1; nothing of a folder or of a link that leads out."""
    if not path.is_file() or path.is_symlink():
        return ""
    return path.read_text(encoding="utf-8", errors="replace").split("\n")[number - 1]


def test_a_new_answer_passes(tree: Tree) -> None:
    NEW_ANSWER(tree)
    assert catalogue(tree.root) == ""
    before = set(tree.text("data/published.txt").splitlines())
    tree.write("data/published.txt", tree.text("data/published.txt"))
    assert run(tree.root, ["-m", "scripts.publish.addresses"]) == (0, "")
    address = "concurrency/event-loop-policy/"
    added = set(tree.text("data/published.txt").splitlines()) - before
    assert added >= {address, f"{ID}/ {address}", f"{address}#sources"}
    for check in RULES:
        assert lines(check(tree.root)) == ""
    test, snippet = f"{FOLDER}/test_event_loop_policy.py", f"{FOLDER}/running_loop.py"
    for name in LINTERS:
        only = (test, snippet) if name == "the types are right" else ()
        assert linter(name, *only)(tree.root) == ""
    assert secret(ANSWER, test, snippet)(tree.root) == ""
    assert snippet_tests("test_", FOLDER)(tree.root) == ""
    assert build(tree.root) == ""


def test_a_page_that_moved_with_a_redirect_keeps_its_number(tree: Tree) -> None:
    old, new = "concurrency/blocking-the-event-loop", "deployment/blocking-the-event-loop"
    move(f"docs/{old}.md", f"docs/{new}.md")(tree)
    assert "Move a page with `make move`" in catalogue(tree.root)
    tree.write("data/redirects.tsv", f"{old}/\t{new}/\n")
    assert catalogue(tree.root) == ""


def test_every_rule_is_broken_by_a_mistake() -> None:
    assert {check.__name__ for check in RULES} == {check.__name__ for check in PROVED}


@pytest.mark.parametrize(
    ("command", "in_ci"),
    [
        (BUILD, ""),
        ([*PYTEST, "tests/refuse.py"], ""),
        (PYTEST, ""),
        (PYTEST, "true"),
        (["-m", "scripts.publish.live.serve", "8000"], ""),
    ],
)
def test_every_command_tells_a_fault_of_the_front_matter_alike(
    tree: Tree, command: list[str], in_ci: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", in_ci)
    mistake = next(mistake for mistake in MISTAKES if mistake.name == "unknown key")
    mistake.edit(tree)
    expected = mistake.check(tree.root)
    exit_code, output = run(tree.root, command)
    assert exit_code == 1
    assert expected in output.splitlines()
    assert "Traceback" not in output


def test_a_build_that_failed_is_explained_by_the_linter(tree: Tree) -> None:
    add("See [it](no-such-page.md).")(tree)
    (tree.root / ".venv").symlink_to(sys.prefix)
    (tree.root / ".cache").mkdir(exist_ok=True)
    (tree.root / ".cache/runner").symlink_to(ROOT / ".cache/runner")  # what `make runner` made
    stamps = ("site", "test", "chromium", "servers")  # it installs nothing, whatever is missing
    installed = [f"--old-file=.venv/{stamp}.installed" for stamp in stamps]
    installed.append("--old-file=.cache/semgrep/installed")
    variables = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    try:
        result = subprocess.run(
            ["make", *installed, "test"],
            cwd=tree.root,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (tree.root / ".venv").unlink()
        (tree.root / ".cache/runner").unlink()
    assert result.returncode != 0
    told = "Doc file 'concurrency/blocking-the-event-loop.md' contains a link 'no-such-page.md'"
    assert told in result.stderr
    assert re.search(rf"^{PAGE}:\d+:\d+: \[MD057\]", result.stdout, re.M), result.stdout


def test_the_sections_that_messages_name_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (.+)$", text, re.M)) >= SECTIONS

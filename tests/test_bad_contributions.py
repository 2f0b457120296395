"""Mistakes that contributors make, each applied to a copy of the real tree, and each refused.

A mistake is refused when the command that a contributor runs fails and prints one line that names
the file and the remedy.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = "docs/concurrency/blocking-the-event-loop.md"
CODE = "snippets/concurrency/blocking_the_event_loop"
WRONG = f"{CODE}/wrong_blocking_call.py"
TESTS = f"{CODE}/test_blocking_the_event_loop.py"

PYTEST = [
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
]
STRUCTURE = [[*PYTEST, "tests/test_structure.py"]]
SNIPPETS = [[*PYTEST, CODE]]
BUILD = [
    [sys.executable, "-m", "scripts.configure"],
    [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "site.yml"],
    [sys.executable, "-m", "scripts.publish"],
]


pytestmark = pytest.mark.site  # many of them build the site


@dataclass(frozen=True)
class Mistake:
    """What a contributor does to the tree, and the line that must answer it."""

    name: str
    apply: Callable[[Path], None]
    check: list[list[str]]
    message: str
    """Regular expression for the one line that names the file and the remedy."""


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a mistake that replaces the first ``old`` in ``file`` by ``new``."""

    def apply(tree: Path) -> None:
        path = tree / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}: repair this test"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def add(file: str, text: str) -> Callable[[Path], None]:
    """Return a mistake that appends ``text`` to ``file``, before the foot of a page."""

    def apply(tree: Path) -> None:
        path = tree / file
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        head, foot, rest = before.partition("{{ answer_foot() }}")
        path.write_text(head + text + foot + rest, encoding="utf-8")

    return apply


def copy_page(tree: Path) -> None:
    """Add a second page with the number of the first one."""
    shutil.copy(tree / PAGE, tree / "docs/concurrency/another-page.md")


def publish_vanished(tree: Path) -> None:
    """Name an address in the published list that the site does not have."""
    add("published.txt", "concurrency/gone/\n")(tree)


def right_instead_of_wrong(tree: Path) -> None:
    """Replace the wrong code by code that works."""
    shutil.copy(tree / CODE / "def_endpoint.py", tree / WRONG)


def stale_output(tree: Path) -> None:
    """Record an output that the code does not give."""
    (tree / CODE / "output.txt").write_text("typed by hand\n", encoding="utf-8")
    add(
        TESTS,
        "\n\ndef test_the_output(recorded: Any) -> None:\n"
        '    recorded("output.txt", "given by code")\n',
    )(tree)


MISTAKES = [
    Mistake(
        "an unknown key in the front matter",
        replace(PAGE, "level: working", "level: working\nlevle: deep"),
        STRUCTURE,
        rf"{PAGE}:\d+: unknown key `levle`. Allowed keys: id, answer, asked_as",
    ),
    Mistake(
        "a value that is not allowed",
        replace(PAGE, "level: working", "level: expert"),
        STRUCTURE,
        rf"{PAGE}:\d+: `level`: input should be 'basic', 'working' or 'deep'",
    ),
    Mistake(
        "no short answer",
        replace(PAGE, "answer:", "answers:"),
        STRUCTURE,
        rf"{PAGE}:\d+: the key `answer` is missing. Add it",
    ),
    Mistake(
        "a number that belongs to another answer",
        copy_page,
        STRUCTURE,
        rf"{PAGE}:\d+: id 7 belongs to docs/concurrency/another-page.md. Use the next free",
    ),
    Mistake(
        "a pasted code block",
        add(PAGE, "```python\nprint('pasted')\n```\n\n"),
        STRUCTURE,
        rf"{PAGE}:\d+: the code block is pasted. Put the code into",
    ),
    Mistake(
        "a snippet that does not exist",
        replace(PAGE, "wrong_blocking_call.py:blocking", "wrong_bloking_call.py:blocking"),
        STRUCTURE,
        rf"{PAGE}:\d+: {CODE}/wrong_bloking_call.py does not exist. Create it or correct",
    ),
    Mistake(
        "a section that does not exist",
        replace(PAGE, "wrong_blocking_call.py:blocking", "wrong_blocking_call.py:blokking"),
        STRUCTURE,
        rf"{WRONG}:\d+: the section `blokking` is missing or there twice. Mark it with",
    ),
    Mistake(
        "a section that is not closed",
        replace(WRONG, "# --8<-- [end:blocking]\n", ""),
        STRUCTURE,
        rf"{WRONG}:\d+: the section `blocking` is not closed. Add `--8<-- \[end:blocking\]`",
    ),
    Mistake(
        "a proof that does not exist",
        replace(PAGE, "::test_the_other", "::test_some_other"),
        STRUCTURE,
        rf"{PAGE}:\d+: the proof {TESTS}::test_some_other\w+ does not exist. Name a test",
    ),
    Mistake(
        "wrong code that does not fail",
        right_instead_of_wrong,
        SNIPPETS,
        rf"{PAGE} claims “test_a_blocking_call_in_async_def_holds_up\w+”, .* Correct the code",
    ),
    Mistake(
        "a recorded output that is stale",
        stale_output,
        SNIPPETS,
        rf"{CODE}/output.txt: the recorded output is stale. Run `make record`",
    ),
    Mistake(
        "a broken link",
        add(PAGE, "See [the other page](no-such-page.md).\n\n"),
        BUILD,
        r"Doc file 'concurrency/blocking-the-event-loop.md' contains a link 'no-such-page.md', "
        r"but the target .* is not found",
    ),
    Mistake(
        "a broken anchor",
        add(PAGE, "See [the review](#no-such-heading).\n\n"),
        BUILD,
        r"Doc file 'concurrency/blocking-the-event-loop.md' contains a link '#no-such-heading', "
        r"but there is no such anchor",
    ),
    Mistake(
        "a script in a page",
        add(PAGE, "<script>alert(1)</script>\n\n"),
        BUILD,
        r"site/concurrency/blocking-the-event-loop/index.html:\d+: nobody has reviewed the inline script "
        r"“alert\(1\)”. Remove it",
    ),
    Mistake(
        "a finding that names no line of its wrong code",
        replace(PAGE, 'data-flag="time.sleep(5)"', 'data-flag="time.wait(5)"'),
        BUILD,
        rf"{PAGE}:\d+: 0 lines of the wrong code hold 'time.wait\(5\)'. Write it, or a part",
    ),
    Mistake(
        "a published address that vanished",
        publish_vanished,
        BUILD,
        r"published.txt: concurrency/gone/ no longer resolves. Keep the page",
    ),
]


def run(commands: list[list[str]], tree: Path) -> tuple[int, str]:
    """Run ``commands`` in ``tree`` until one fails; return its exit code and all output."""
    output = ""
    for command in commands:
        result = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
        output += result.stdout + result.stderr
        if result.returncode:
            return result.returncode, output
    return 0, output


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_refused_with_the_file_and_the_remedy(tree: Path, mistake: Mistake) -> None:
    mistake.apply(tree)
    code, output = run(mistake.check, tree)
    assert code != 0, f"{mistake.name} is not refused:\n{output}"
    assert re.search(mistake.message, output), f"no line matches {mistake.message}:\n{output}"


def test_the_tree_itself_is_accepted(tree: Path) -> None:
    for check in (STRUCTURE, SNIPPETS, BUILD):
        code, output = run(check, tree)
        assert code == 0, output

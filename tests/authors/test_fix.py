"""`make fix` repairs what a machine can, and says what it did."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.authors.fix import record
from scripts.authors.transaction import project_files
from scripts.validation.files.order import sorted_lines

CODE = "snippets/background_tasks/background_tasks"
PAGE = "docs/background-tasks/background-tasks.md"
RECORDED = f"{CODE}/order.txt"


def fix(root: Path) -> list[str]:
    """Return the lines that `make fix` prints in ``root``."""
    result = subprocess.run(
        [sys.executable, "-m", "scripts.authors.fix"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    return result.stdout.splitlines()


def commit(root: Path) -> None:
    """Commit everything, so that git knows what is changed after it."""
    identity = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "gc.auto=0",
    ]
    for command in (["add", "."], ["commit", "--quiet", "--message=all"]):
        subprocess.run(["git", *identity, *command], cwd=root, check=True)


def edit(path: Path, old: str, new: str) -> None:
    """Replace the one ``old`` in a file by ``new``."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.site  # copies the project
def test_what_a_machine_can_repair_is_repaired_and_named(repository: Path) -> None:
    commit(repository)
    before = project_files(repository)
    edit(repository / CODE / "receipt.py", "app = FastAPI()", "app=FastAPI( )")
    edit(
        repository / CODE / "def_task.py", "from fastapi import ", "import os\nfrom fastapi import "
    )
    edit(repository / PAGE, "\n## In review\n", "\n\n\n## In review\n")
    edit(repository / PAGE, "\nlevel: basic\n", "\n")
    edit(repository / PAGE, "\nid: ", "\nlevel: basic\nid: ")
    edit(repository / "data/published.txt", "\nall/\n", "\nwebsockets/\nall/\nall/\n")
    (repository / RECORDED).write_text("typed by hand\n", encoding="utf-8")
    assert fix(repository) == [
        f"ruff check: {CODE}/def_task.py",
        f"ruff format: {CODE}/receipt.py",
        f"rumdl: {PAGE}",
        f"order: data/published.txt, {PAGE}",
        f"recorded output: {RECORDED}",
        "Read the difference: do the pages still say the truth?",
    ]
    assert project_files(repository) == before
    assert fix(repository) == []


@pytest.mark.site  # copies the project
def test_what_it_cannot_record_is_told(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repository)
    edit(repository / CODE / "receipt.py", "app = FastAPI()", "app = FastAPI(version=1 / 0)")
    record(repository)
    message = "Some tests fail, so that not all output could be recorded. Run `make check`.\n"
    assert capsys.readouterr().out == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b\na\n", "a\nb\n"),
        ("# z\n# y\nb\na\nb", "# z\n# y\na\nb\n"),
        ("/\n#heading\n", "#heading\n/\n"),
        ("# only a comment\n", "# only a comment\n"),
        ("", ""),
    ],
)
def test_lines_are_sorted_below_the_comments(text: str, expected: str) -> None:
    assert sorted_lines(text) == expected

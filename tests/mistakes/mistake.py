"""What a mistake is: an edit of a copy of the real tree, the check that refuses it, the line that says so."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scripts.authors.linters import LINTERS, start
from scripts.authors.linters import lines as printed
from scripts.authors.secrets import secrets
from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem, Problems
from scripts.validation.rules import Check
from scripts.validation.validate import validate
from tests.conftest import copy_project, keep_known

# The page and the code that most mistakes are made in.
PAGE = "docs/concurrency/blocking-the-event-loop.md"
CODE = "snippets/concurrency/blocking_the_event_loop"
RIGHT = f"{CODE}/def_endpoint.py"
WRONG = f"{CODE}/wrong_blocking_call.py"
TESTS = f"{CODE}/test_blocking_the_event_loop.py"
FOOT = "{{ answer_foot() }}"

PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
BUILD = ["-m", "scripts.publish.build", "mkdocs", "build", "--strict"]


@dataclass
class Tree:
    """A copy of the project that remembers what was edited."""

    root: Path
    before: dict[str, bytes | None] = field(default_factory=dict)
    """The former content of each edited file; none where there was no file."""

    def text(self, name: str) -> str:
        """Return the text of a file."""
        return (self.root / name).read_text(encoding="utf-8")

    def write(self, name: str, content: str | bytes | None) -> None:
        """Write a file with its folders, or delete it where there is no content."""
        path = self.root / name
        self.before.setdefault(name, path.read_bytes() if path.is_file() else None)
        if content is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def restore(self) -> None:
        """Undo all edits."""
        for name, content in self.before.items():
            path = self.root / name
            if content is not None:
                path.write_bytes(content)
            else:
                path.unlink(missing_ok=True)
                shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()
        self.before.clear()


def copy(folder: Path) -> Tree:
    """Copy the committed and the new files of this project into ``folder``, as a repository of its own."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / ".git/info/exclude").write_text(".venv\n", encoding="utf-8")
    copy_project(folder)
    keep_known(folder)
    return Tree(folder)


Edit = Callable[[Tree], None]
Refusal = Callable[[Path], str]
PROVED: set[Check] = set()
"""The rules that some mistake breaks."""


@dataclass(frozen=True)
class Mistake:
    """What a contributor does, and how it is refused."""

    name: str
    edit: Edit
    check: Refusal
    """Returns what the check prints about the tree below a folder; nothing where it accepts it."""
    file: str
    """The file that the line names."""
    at: str
    """What stands in the line that is named, or nothing where it is about the file."""
    says: str
    """Part of the line: what is wrong and what to do."""
    lines: int = 1
    """How many faults are named: one for each place that has to be repaired."""


def replace(file: str, old: str, new: str) -> Edit:
    """Replace the first ``old`` in ``file`` by ``new``."""

    def edit(tree: Tree) -> None:
        text = tree.text(file)
        assert old in text, f"{file} no longer holds {old!r}: repair this test"
        tree.write(file, text.replace(old, new, 1))

    return edit


def add(text: str, file: str = PAGE) -> Edit:
    """Add ``text`` to the end of ``file``, above the foot of a page."""

    def edit(tree: Tree) -> None:
        head, foot, rest = tree.text(file).partition(FOOT)
        tree.write(file, f"{head}{text}\n\n{foot}{rest}" if foot else f"{head}{text}\n")

    return edit


def write(file: str, content: str | bytes | None) -> Edit:
    """Write ``file``, or delete it where there is no content."""
    return lambda tree: tree.write(file, content)


def move(old: str, new: str) -> Edit:
    """Move a file."""

    def edit(tree: Tree) -> None:
        tree.write(new, tree.text(old))
        tree.write(old, None)

    return edit


def all_of(*edits: Edit) -> Edit:
    """Make several edits."""

    def edit(tree: Tree) -> None:
        for one in edits:
            one(tree)

    return edit


def lines(problems: Iterable[Problem]) -> str:
    """Return the text of ``problems``, as every command prints it."""
    return str(Problems(list(problems)))


def catalogue(root: Path) -> str:
    """Read the catalogue, as every command does first."""
    try:
        load(root)
    except Problems as problems:
        return str(problems)
    return ""


def rule(check: Check) -> Refusal:
    """Follow one of the rules."""
    PROVED.add(check)
    return lambda root: lines(check(root))


def everything(check: Check | None = None) -> Refusal:
    """Follow all rules, as every command does first: one line for one fault; ``check`` finds it."""
    if check:
        PROVED.add(check)
    return lambda root: lines(validate(root))


def linter(name: str, *only: str) -> Refusal:
    """Run a linter as `make check` does, on the files ``only`` where it is slow on all."""
    command = LINTERS[name]
    last = command.index("scripts") if only else len(command)

    def check(root: Path) -> str:
        return "\n".join(printed(start([*command[:last], *only], root)))

    return check


def secret(*files: str) -> Refusal:
    """Look for secrets in ``files``, as `make check` does in what was touched."""
    return lambda root: lines(secrets(root, files))


def run(root: Path, *commands: list[str]) -> tuple[int, str]:
    """Run Python commands in ``root`` until one fails; return its exit code and what all of them printed."""
    output = ""
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "GITHUB_ACTIONS": ""}
    for command in commands:
        result = subprocess.run(
            [sys.executable, *command],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        output += result.stdout + result.stderr
        if result.returncode:
            return result.returncode, output
    return 0, output


def snippet_tests(tests: str, folder: str = CODE) -> Refusal:
    """Run the ``tests`` of a page's snippets, as `make check` does where they were touched."""

    def check(root: Path) -> str:
        code, output = run(root, [*PYTEST, "--tb=short", folder, "-k", tests])
        return output if code else ""

    return check


def build(root: Path) -> str:
    """Build the site, as `make build` and `make test` do."""
    code, output = run(root, BUILD)
    return output if code else ""

"""Rules: checks of the whole tree, each a function from the tree's root to the problems it finds.

Nothing is built and nothing is run for them, so that every command can follow them first (``validate.py``).
"""

import dataclasses
import enum
import functools
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import once, one_reading, text_of

Check = Callable[[Path], list[Problem]]


class Stage(enum.IntEnum):
    """When a rule is followed: of what has a fault, later stages would only repeat that."""

    TEXT = 1
    """The file can be read: its encoding, its lines. A fault hides later ones of this stage too."""
    PARTS = 2
    """The page can be built: macros, elements, code blocks and what they include."""
    FINDINGS = 3
    """What is made of several parts of a page."""
    REST = 4
    LATER = 5
    """Stops no build: what the author writes or a command adds before the check passes."""


RULES: dict[Check, Stage] = {}
"""All rules, in the order in which their modules are imported."""
SECTIONS: set[str] = {"Front matter", "The page", "Addresses", "Files"}
"""The sections of CONTRIBUTING.md that problems name; those of the catalogue to begin with."""


def rule(
    section: str, stage: Stage = Stage.REST
) -> Callable[[Callable[[Path], Iterable[Problem]]], Check]:
    """Make a rule of a check; ``section`` of CONTRIBUTING.md says why, and each problem names it.

    What the rule raises as ``Problems`` counts as well.
    """
    SECTIONS.add(section)

    def decorate(check: Callable[[Path], Iterable[Problem]]) -> Check:
        @functools.wraps(check)
        def problems(root: Path) -> list[Problem]:
            with one_reading():
                try:
                    found = list(check(root))
                except Problems as raised:
                    found = raised.problems
            return [dataclasses.replace(problem, rule=section) for problem in found]

        RULES[problems] = stage
        return problems

    return decorate


@once
def names(root: Path) -> list[str]:
    """Return the committed and the new files below ``root``, sorted; what git ignores is none.

    Where ``root`` is no repository but an archive, say, they are those of the folders that rules ask for.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found = set(listed.stdout.split("\0")) - {""} or {
        path.relative_to(root).as_posix()
        for folder in ("data", "docs", "requirements", "snippets", "tests")
        for path in (root / folder).rglob("*")
        if "__pycache__" not in path.parts
    }
    paths = {name: f"{root}/{name}" for name in sorted(found)}
    return [name for name, path in paths.items() if os.path.islink(path) or os.path.isfile(path)]


def files(root: Path, *folders: str, suffix: str = "") -> Iterator[str]:
    """Yield the names of the files below ``folders`` (of all where there are none), by their ending."""
    for name in names(root):
        if name.endswith(suffix) and (not folders or name.split("/")[0] in folders):
            yield name


@once
def folders(root: Path) -> dict[str, list[str]]:
    """Return the names of the files by folder, for example ``snippets/concurrency/await``."""
    found: dict[str, list[str]] = {}
    for name in names(root):
        parts = name.split("/")
        if len(parts) > 3:
            found.setdefault("/".join(parts[:3]), []).append(name)
    return found


def folder(root: Path, name: str) -> list[str]:
    """Return the names of the files below a folder such as ``snippets/concurrency/await``."""
    return folders(root).get(name, [])


def read(root: Path, name: str) -> str:
    """Return the text of a file; that it is UTF-8 is a rule of its own."""
    return text_of(root, name)


def line_at(text: str, position: int) -> int:
    """Return the line, from 1, of a position in ``text``."""
    return text.count("\n", 0, position) + 1

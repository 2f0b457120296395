"""Rules: checks of the whole tree, each a function from the tree's root to the problems it finds.

Nothing is built and nothing is run for them, so that every command can follow them first (``validate.py``).
"""

import dataclasses
import functools
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scripts.catalogue.problems import Problem
from scripts.catalogue.reading import once, one_reading, text_of

Check = Callable[[Path], list[Problem]]
RULES: list[Check] = []
"""All rules, in the order in which their modules are imported."""
SECTIONS: set[str] = {"Front matter", "The page", "Addresses", "Files"}
"""The sections of CONTRIBUTING.md that problems name; those of the catalogue to begin with."""


def rule(section: str) -> Callable[[Callable[[Path], Iterable[Problem]]], Check]:
    """Make a rule of a check; ``section`` of CONTRIBUTING.md says why, and each problem names it."""
    SECTIONS.add(section)

    def decorate(check: Callable[[Path], Iterable[Problem]]) -> Check:
        @functools.wraps(check)
        def problems(root: Path) -> list[Problem]:
            with one_reading():
                return [dataclasses.replace(problem, rule=section) for problem in check(root)]

        RULES.append(problems)
        return problems

    return decorate


@once
def names(root: Path) -> list[str]:
    """Return the committed and the new files below ``root``, sorted; what git ignores is none."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    listed = sorted(set(result.stdout.split("\0")) - {""})
    return [
        name
        for name in listed
        if os.path.islink(f"{root}/{name}") or os.path.isfile(f"{root}/{name}")
    ]


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

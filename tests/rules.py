"""Rules: checks of the whole tree, each a function from the tree's root to the problems it finds.

A rule is a test of this tree, which `make check` runs; `test_bad_contributions.py` calls the same function
for copies of the tree that it must refuse.
"""

import dataclasses
import functools
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from scripts.catalogue import ROOT
from scripts.problems import Problem, Problems

Check = Callable[[Path], Iterable[Problem]]
RULES: dict[Callable[[], None], Check] = {}
"""The check of each rule, by the test that was made of it."""
SECTIONS: set[str] = {"Front matter", "The page", "Addresses"}
"""The sections of CONTRIBUTING.md that the rules name; those of scripts/ to begin with."""


def rule(section: str) -> Callable[[Check], Callable[[], None]]:
    """Make a test of a check; ``section`` of CONTRIBUTING.md says why, and each problem names it."""
    SECTIONS.add(section)

    def decorate(check: Check) -> Callable[[], None]:
        def problems(root: Path) -> list[Problem]:
            return [dataclasses.replace(problem, rule=section) for problem in check(root)]

        @pytest.mark.rule
        def test() -> None:
            refuse(problems(ROOT))

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        RULES[test] = problems
        return test

    return decorate


def refuse(problems: Iterable[Problem]) -> None:
    """Fail with one line for each problem."""
    if text := str(Problems(list(problems))):
        pytest.fail(text, pytrace=False)


@functools.cache
def names(root: Path) -> list[str]:
    """Return the committed and the new files below ``root``, sorted; what git ignores is none."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    listed = sorted(set(result.stdout.split("\0")) - {""})
    return [name for name in listed if (root / name).is_symlink() or (root / name).is_file()]


def files(root: Path, *folders: str, suffix: str = "") -> Iterator[str]:
    """Yield the names of the files below ``folders`` (of all where there are none), by their ending."""
    for name in names(root):
        if name.endswith(suffix) and (not folders or name.split("/")[0] in folders):
            yield name


def read(root: Path, name: str) -> str:
    """Return the text of a file; that it is UTF-8 is a rule of its own."""
    return (root / name).read_text(encoding="utf-8-sig", errors="replace")


def line_at(text: str, position: int) -> int:
    """Return the line, from 1, of a position in ``text``."""
    return text.count("\n", 0, position) + 1

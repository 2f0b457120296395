"""Everything that can be known from the files alone, before anything is built or run.

`make serve`, `make check` and `make build` call it first. ``python -m scripts.validation.validate`` prints
one line for each fault and exits with 1 where there is one.
"""

import importlib
import pkgutil
import re
import sys
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.annotations import tell
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import one_reading
from scripts.project import ROOT
from scripts.validation import code, files, pages, proofs
from scripts.validation.rules import RULES, Stage

# Each module adds its rules.
for room in (code, files, pages, proofs):
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        importlib.import_module(module.name)


def validate(
    root: Path = ROOT, last: Stage = Stage.LATER, first: Stage = Stage.TEXT
) -> list[Problem]:
    """Return what is wrong with the files below ``root``, by file and line, from stage ``first`` to ``last``.

    One fault gives one line: what a page or a file lacks in one stage is not looked for in the next ones.
    """
    found: list[Problem] = []
    with one_reading():
        for stage in range(first, last + 1):
            if stage == Stage.PARTS and any(hides_pages(root, problem) for problem in found):
                break
            if stage == Stage.PARTS and (faults := front_matter(root)):
                found += untold(faults, found)
                break
            told = list(found)
            for rule in (rule for rule, its in RULES.items() if its == stage):
                found += untold(rule(root), found if stage == Stage.TEXT else told)
    return Problems(found).problems


def hides_pages(root: Path, problem: Problem) -> bool:
    """Tell whether pages have no place because of a problem: what is said of them would be said again."""
    return problem.rule == "One answer, one path" or (root / problem.file).is_symlink()


def front_matter(root: Path) -> list[Problem]:
    """Return what is wrong with the catalogue, without which no page can be looked at."""
    try:
        load(root)
    except Problems as problems:
        return problems.problems
    return []


def untold(problems: list[Problem], told: list[Problem]) -> list[Problem]:
    """Return the ``problems`` of files of which none is ``told``; a page and its code are one."""
    known = {subject(problem.file) for problem in told}
    return [problem for problem in problems if subject(problem.file) not in known]


def subject(file: str) -> str:
    """Return what a file belongs to: ``concurrency/await`` for a page and its code, else the file itself."""
    page = re.fullmatch(r"docs/([\w-]+/[\w-]+)\.md", file)
    code = re.match(r"snippets/(\w+/\w+)/", f"{file}/")
    return page[1] if page else code[1].replace("_", "-") if code else file


def main() -> int:
    """Print what is wrong with the project; return 1 where something is."""
    if problems := validate():
        tell(Problems(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Everything that can be known from the files alone, before anything is built or run.

`make serve`, `make check` and `make build` call it first. ``python -m scripts.validation.validate`` prints
one line for each fault and exits with 1 where there is one.
"""

import sys
from pathlib import Path

from scripts.catalogue.annotations import tell
from scripts.catalogue.answers import load
from scripts.catalogue.problems import Problem, Problems
from scripts.catalogue.reading import one_reading
from scripts.project import ROOT

# Each module adds its rules.
from scripts.validation.code import includes, proofs  # noqa: F401
from scripts.validation.files import (  # noqa: F401
    characters,
    locks,
    order,
    places,
    redirects,
    search_phrases,
)
from scripts.validation.pages import findings, markdown, notes, unwritten  # noqa: F401
from scripts.validation.rules import RULES


def validate(root: Path = ROOT) -> list[Problem]:
    """Return what is wrong with the files below ``root``, by file and line.

    The front matter comes first: where it has faults, the rules would only repeat them.
    """
    with one_reading():
        try:
            load(root)
            found = [problem for rule in RULES for problem in rule(root)]
        except Problems as problems:
            found = problems.problems
    return Problems(found).problems


def main() -> int:
    """Print what is wrong with the project; return 1 where something is."""
    if problems := validate():
        tell(Problems(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

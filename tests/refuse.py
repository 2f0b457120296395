"""How a test says what is wrong with the project: in the words of the problems, without a traceback."""

from collections.abc import Iterable

import pytest

from scripts.catalogue.files.problems import Problem, Problems


def refuse(problems: Iterable[Problem | str]) -> None:
    """Fail with one line for each problem."""
    found = list(problems)
    told = [problem for problem in found if isinstance(problem, Problem)]
    lines = [str(Problems(told)), *(problem for problem in found if isinstance(problem, str))]
    if text := "\n".join(line for line in lines if line):
        pytest.fail(text, pytrace=False)

"""The numbers that the pages state, counted from what is there when the site is built."""

import ast
from pathlib import Path

from scripts.catalogue.answers import Catalogue
from scripts.project import ROOT


def count_tests(root: Path = ROOT) -> int:
    """Return how many test functions the modules ``snippets/**/test_*.py`` below ``root`` define.

    A test that runs with several parameters counts once. Functions within functions are no tests.
    """
    return sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for path in root.glob("snippets/**/test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )


def counts(catalogue: Catalogue) -> dict[str, int]:
    """Return how many topics, answers, corrections and tests the site has."""
    return {
        "topics": len(catalogue.topics),
        "answers": len(catalogue.living),
        "corrections": sum(len(page.meta.corrections) for page in catalogue.answers.values()),
        "tests": count_tests(),
    }

"""The numbers that the pages state, counted from what is there when the site is built."""

import re
from pathlib import Path

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.findings import all_findings
from scripts.project import ROOT
from scripts.rules.read_rules import finders

TEST = re.compile(r"^(?:async )?def test_", re.M)


def count_tests(root: Path = ROOT) -> int:
    """Return how many test functions the modules ``snippets/**/test_*.py`` below ``root`` define.

    A test that runs with several parameters counts once. Functions within functions are no tests.
    """
    paths = root.glob("snippets/**/test_*.py")
    return sum(len(TEST.findall(path.read_text(encoding="utf-8"))) for path in paths)


def counts(catalogue: Catalogue) -> dict[str, int]:
    """Return how many topics, answers, corrections, tests and findings the site has."""
    findings = sum(map(len, all_findings(catalogue).values()))
    return {
        "topics": len(catalogue.topics),
        "answers": len(catalogue.living),
        "corrections": sum(len(page.meta.corrections) for page in catalogue.answers.values()),
        "tests": count_tests(),
        "findings": findings,
        "findings for a reader": findings - len(finders()),
    }

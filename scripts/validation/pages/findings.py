"""Findings for reviews are complete."""

from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.findings import read_findings
from scripts.validation.rules import Stage, rule


@rule("The page", Stage.FINDINGS)
def every_finding_has_an_anchor_wrong_and_right_code_and_a_sentence(
    root: Path,
) -> Iterator[Problem]:
    for page in load(root).answers.values():
        try:
            read_findings(page, root)
        except Problems as found:
            yield from found.problems

"""The rules of all answers as one file for Semgrep: each tells the sentence to paste and its link."""

import re
from pathlib import Path
from typing import Any

import yaml

from scripts.project import ROOT, site_url
from scripts.releases.record import read_record
from scripts.rules.read_rules import Rule, read_rules

HEAD = """\
# FastAPI Answers: findings of code reviews as rules for Semgrep, under the MIT licence.
# How to use them, and what they do not see: {page}
"""
PAGE = "review-your-code/"
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
LEVELS = {"wrong result": "WARNING", "style": "INFO"}
"""What Semgrep calls a severity of ours; all worse ones are errors."""


class Dumper(yaml.CSafeDumper):
    """Writes a text of several lines as a block, and nothing as a reference to what stands elsewhere."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything in full."""
        return True


def block(dumper: Dumper, text: str) -> yaml.ScalarNode:
    """Return the node of a text."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else None)


Dumper.add_representer(str, block)


def message(rule: Rule, site: str) -> str:
    """Return what a hit tells: the sentence to paste, its links as mere words, and the permanent link."""
    own = rule.findings[0]
    return LINK.sub(r"\1", own.sentence) + f" {site}{own.address}"


def since(rule: Rule, oldest: dict[str, str]) -> dict[str, str]:
    """Return from which releases on the rule is known to hold.

    They are those that its answer needs, else the ``oldest`` on which the tests of the answers ran.
    """
    own = rule.findings[0].page.meta.since
    return {str(name): version for name, version in own.items()} or oldest


def metadata(rule: Rule, oldest: dict[str, str], site: str) -> dict[str, Any]:
    """Return what Semgrep passes on: ``source`` is what code scanning shows as the link for help."""
    own = rule.findings[0]
    return {
        "answer": own.page.meta.id,
        "finding": own.anchor,
        "also": [finding.address for finding in rule.findings[1:]],
        "severity": own.severity,
        "since": since(rule, oldest),
        "source": f"{site}{own.address}",
        "license": "MIT",
        "category": "security" if own.severity == "security" else "correctness",
        "technology": ["fastapi"],
    }


def joined(root: Path = ROOT, site: str = "", answer: str = "") -> str:
    """Return the text of ``rules.yml``: the same for the same tree and address of the site.

    ``answer`` leaves out the rules of all answers but one, ``snippets/<topic>/<slug>``.

    Raises ``Problems`` with all that is wrong with the files of rules.
    """
    site = site or site_url()
    oldest = read_record(root).of("oldest")[0].versions
    known = {"fastapi": oldest["fastapi"]}
    rules = [
        {
            "id": rule.name,
            "message": message(rule, site),
            "severity": LEVELS.get(rule.findings[0].severity, "ERROR"),
            **rule.body.model_dump(by_alias=True, exclude_unset=True, exclude={"id", "also"}),
            "metadata": metadata(rule, known, site),
        }
        for rule in read_rules(root)
        if rule.body and rule.is_below(answer)
    ]
    text = yaml.dump(
        {"rules": rules}, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000
    )
    return HEAD.format(page=site + PAGE) + text

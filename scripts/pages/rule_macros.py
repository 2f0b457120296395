"""What the page “Review your code” shows: commands with the address of the site, and what the rules cover."""

from collections import Counter
from collections.abc import Callable
from typing import Literal

from scripts.catalogue.answers import load
from scripts.catalogue.finding import SEVERITIES
from scripts.catalogue.findings import all_findings
from scripts.project import ROOT
from scripts.rules.frozen import frozen
from scripts.rules.read_rules import finders


def semgrep_release() -> str:
    """Return the release of Semgrep that the rules are tested with."""
    text = (ROOT / "requirements/semgrep.in").read_text(encoding="utf-8")
    return text.partition("semgrep==")[2].strip()


def covered() -> list[tuple[str, int, int, int]]:
    """Return each severity with how many findings a rule finds, another check finds, and there are."""
    found_by, counts = finders(), Counter[tuple[str, str]]()
    for finding in (finding for its in all_findings(load()).values() for finding in its):
        name = found_by.get(finding.address, "")
        counts[finding.severity, "all"] += 1
        if name:
            counts[finding.severity, "check" if ":" in name else "rule"] += 1
    return [(s, counts[s, "rule"], counts[s, "check"], counts[s, "all"]) for s in SEVERITIES]


def rule_macros(site: str, render: Callable[..., str]) -> list[Callable[..., str]]:
    """Return the macros, which ``render`` templates; ``site`` is the address of the site."""

    def review_code(part: Literal["command", "hook", "job", "table"]) -> str:
        """The ``command``, the ``hook``, the ``job`` of code scanning, or the ``table`` of what is found."""
        values = {
            "site": site,
            "semgrep": semgrep_release(),
            "newest": list(frozen())[-1],
            "covered": covered(),
        }
        return render(f"review_{part}.md.jinja", **values)

    return [review_code]

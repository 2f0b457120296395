"""What finds a finding: a rule of Semgrep beside the code, or a check that exists already."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import once
from scripts.catalogue.finding import Finding
from scripts.catalogue.findings import all_findings
from scripts.project import ROOT
from scripts.rules.rule_file import FILE, RuleBody, line_of, read_file, refused


@dataclass(frozen=True)
class Rule:
    """A rule or a check, with the findings that it finds: the first is that of its own page."""

    file: str
    line: int
    findings: tuple[Finding, ...]
    check: str = ""
    """The check that finds it already, ``ruff:ASYNC251``; nothing where it is a rule of ours."""
    body: RuleBody | None = None

    @property
    def name(self) -> str:
        """What finds it, as the desk and ``answers.json`` say: the name of the check, or that of our rule."""
        own = self.findings[0]
        return self.check or f"fastapi-{own.page.meta.id}-{own.anchor}"

    def is_below(self, folder: str) -> bool:
        """Tell whether the rule stands below ``folder``; everything does below an empty one."""
        return PurePosixPath(self.file).is_relative_to(folder)


def rules_of(root: Path, findings: dict[str, Finding], problems: list[Problem]) -> Iterator[Rule]:
    """Yield the rules and checks of all answers in reading order; what is wrong is added to ``problems``."""
    for number, page in load(root).answers.items():
        file = f"{page.snippets}/{FILE}"
        if not (root / file).is_file():
            continue
        try:
            content = read_file(root, file)
        except Problems as faults:
            problems += faults.problems
            continue
        bodies = {body.id: body for body in content.rules}
        for anchor in [*content.checks, *(body.id for body in content.rules)]:
            body, line = bodies.get(anchor), line_of(root, file, anchor)
            names = [f"{number}/#{anchor}", *(body.also if body else [])]
            for name in names:
                if name not in findings:
                    remedy = "Write the anchor of a finding of its page as its id."
                    problems.append(refused(file, line, f"there is no finding {name}", remedy))
            known = tuple(findings[name] for name in names if name in findings)
            if len(known) == len(names):
                yield Rule(file, line, known, content.checks.get(anchor, ""), body)


@once
def read_rules(root: Path = ROOT) -> list[Rule]:
    """Return all rules and checks, in reading order.

    Raises ``Problems`` with all that is wrong with the files of rules.
    """
    findings = {f.address: f for its in all_findings(load(root), root).values() for f in its}
    problems: list[Problem] = []
    rules = list(rules_of(root, findings, problems))
    told: set[str] = set()
    for rule in rules:
        for address in (finding.address for finding in rule.findings):
            if address in told:
                fault, remedy = f"{address} has a rule or a check already", "Keep one of them."
                problems.append(refused(rule.file, rule.line, fault, remedy))
            told.add(address)
    if problems:
        raise Problems(problems)
    return rules


def finders(root: Path = ROOT) -> dict[str, str]:
    """Return what finds each finding that a program finds, by the finding's address."""
    return {f.address: rule.name for rule in read_rules(root) for f in rule.findings}

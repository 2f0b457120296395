"""Faults of a contribution, reported so that its author can repair them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault: the file below the root, the line from 1, what is wrong and what to do about it."""

    file: str
    line: int
    fault: str
    remedy: str
    rule: str = ""
    """The section of CONTRIBUTING.md that says why, or nothing."""

    def __str__(self) -> str:
        """Return the fault as one line: file, line, fault, remedy and where the rule stands."""
        rule = f" See CONTRIBUTING.md, “{self.rule}”." if self.rule else ""
        return f"{self.file}:{self.line}: {self.fault}. {self.remedy}{rule}"


class Problems(Exception):
    """Raised with all faults found at once; its text has one line for each."""

    def __init__(self, problems: list[Problem]) -> None:
        """Sort ``problems`` by file and line."""
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line))
        super().__init__("\n".join(str(problem) for problem in self.problems))

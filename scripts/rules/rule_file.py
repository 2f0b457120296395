"""The form of ``snippets/<topic>/<slug>/rules.yml``, and where something stands in it.

The file belongs to the page of that folder. Under ``rules`` it holds rules of Semgrep whose ``id`` is the
anchor of a finding, without what the page tells already (message and severity); under ``checks`` it names
the check that finds a finding, ``anchor: ruff:ASYNC251``.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from scripts.catalogue.files.front_matter import Closed
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import text_of

FILE = "rules.yml"
SEARCHES = ("pattern", "patterns", "pattern-either", "pattern-regex")


def filled(value: Any) -> Any:
    """Refuse what matches nothing or everything."""
    if value in (None, "", [], {}, "..."):
        raise ValueError("is empty")
    return value


Search = Annotated[Any, BeforeValidator(filled)]


class RuleBody(Closed):
    """A rule of Semgrep as it stands beside the code, and the other findings that it finds as well."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    id: str
    also: list[str] = Field(default=[])
    """Findings of other answers about the same fault, as in ``82/#lru-cache-on-async-def``."""
    languages: list[Literal["python", "regex"]] = Field(min_length=1, max_length=1)
    mode: Literal["search", "taint"] = "search"
    options: dict[str, bool] = Field(default={})
    paths: dict[Literal["include", "exclude"], list[str]] = Field(default={})
    pattern: Search = None
    patterns: Search = None
    pattern_either: Search = None
    pattern_regex: Search = None
    pattern_sources: Search = None
    pattern_sanitizers: Search = None
    pattern_sinks: Search = None

    @model_validator(mode="after")
    def searches(self) -> "RuleBody":
        """Refuse a rule that looks for nothing."""
        kinds = {name for name in self.model_fields_set if name.startswith("pattern")}
        taints = {"pattern_sources", "pattern_sinks"}
        if self.mode == "taint" and not taints <= kinds:
            raise ValueError("needs pattern-sources and pattern-sinks")
        if self.mode == "search" and len(kinds) != 1:
            raise ValueError(f"needs one of {', '.join(SEARCHES)}")
        return self


class RuleFile(Closed):
    """A file of rules."""

    checks: dict[str, Annotated[str, Field(pattern=r"^(ruff:[A-Z]+\d+|mypy:[a-z-]+)$")]] = Field(
        default={}
    )
    rules: list[RuleBody] = Field(default=[])

    @model_validator(mode="after")
    def holds_something(self) -> "RuleFile":
        """Refuse a file without a rule or a check."""
        if not self.checks and not self.rules:
            raise ValueError("holds neither a rule nor a check")
        return self


def refused(file: str, line: int, fault: str, remedy: str) -> Problem:
    """Return a problem with a file of rules."""
    return Problem(file, line, fault, remedy, "Rules")


def read_file(root: Path, file: str) -> RuleFile:
    """Return the content of a file of rules; raises ``Problems`` where it is none."""
    remedy = "See CONTRIBUTING.md for the form of a rule."
    try:
        return RuleFile.model_validate(yaml.load(text_of(root, file), Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise Problems(
            [refused(file, mark.line + 1 if mark else 1, "it is not valid YAML", remedy)]
        ) from error
    except ValidationError as error:
        found = error.errors()[0]
        place = [str(part) for part in found["loc"]]
        line = (
            line_of_rule(root, file, int(place[1])) if place[:1] == ["rules"] and place[1:] else 1
        )
        fault = f"{'.'.join(place) or 'the file'}: {found['msg'].removeprefix('Value error, ')}"
        raise Problems([refused(file, line, fault, remedy)]) from error


def line_of_rule(root: Path, file: str, number: int) -> int:
    """Return the line on which the rule of that number, from 0, begins."""
    lines = text_of(root, file).splitlines()
    starts = [n for n, text in enumerate(lines, 1) if re.match(r"(  )?- ", text)]
    return starts[number] if number < len(starts) else 1


def line_of(root: Path, file: str, anchor: str) -> int:
    """Return the line that names a finding of the file's own page."""
    named = re.compile(rf"\s*(- id: {re.escape(anchor)}\s*$|{re.escape(anchor)}:)")
    lines = enumerate(text_of(root, file).splitlines(), 1)
    return next((number for number, text in lines if named.match(text)), 1)

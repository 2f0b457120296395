"""What `make versions` saw: on which releases each answer was checked (``data/checked.yml``)."""

import ast
import datetime
import hashlib
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import Field, ValidationError

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.files.explain import explain
from scripts.catalogue.files.front_matter import Closed
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import once, text_of
from scripts.project import ROOT
from scripts.releases.lock import Lock

FILE = "data/checked.yml"
HEAD = "# What the snippet tests showed on other releases. Written by `make versions` alone; do not edit.\n"
PACKAGES = ("fastapi", "starlette", "pydantic", "uvicorn")
Set = Literal["oldest", "locked", "newest"]
SETS: tuple[Set, ...] = get_args(Set)


class Run(Closed):
    """The snippet tests on one set of releases and one Python."""

    set: Set
    python: str
    versions: dict[str, str]
    passed: int
    failed: int
    skipped: int
    seconds: int
    same_as_locked: bool = False
    """Whether the set resolved to the lock, so that its results are those of the lock."""
    left_out: list[int] = Field(default=[])
    """Answers that need a newer release altogether (``since`` in the front matter)."""
    newer: dict[int, int] = Field(default={})
    """By answer, how many tests were left out because they show something newer (the marker ``since``)."""
    failing: dict[int, list[str]] = Field(default={})
    """By answer, the tests that failed."""
    ran: frozenset[str] = Field(default=frozenset(), exclude=True)
    """The tests that ran, as ``unproved`` names them; not recorded."""

    @property
    def key(self) -> tuple[str, str]:
        """The set and the minor version of Python."""
        return self.set, minor(self.python)


class Record(Closed):
    """All runs of one `make versions`."""

    date: datetime.date
    lock: str
    """Date of the lock that the runs belong to."""
    runs: list[Run]
    answers: dict[int, str]
    """By answer, the digest of the code and tests that ran."""

    def of(self, kind: Set) -> list[Run]:
        """Return the runs of one set, by Python."""
        return [run for run in self.runs if run.set == kind]


def minor(python: str) -> str:
    """Return ``3.12`` for ``3.12.1``."""
    return ".".join(python.split(".")[:2])


def digest(page: AnswerPage, root: Path = ROOT) -> str:
    """Return a digest of the answer's code, recorded output and tests; it changes with any of them.

    The rules that find its wrong code say nothing of releases, and are left out.
    """
    folder, value = root / page.snippets, hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not {"__pycache__", ".ruff_cache", "rules.yml"} & set(path.parts):
            value.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return value.hexdigest()[:8]


def tests_of(path: Path) -> list[str]:
    """Return the names of the test functions of a file; what stands in its strings is none."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [part.name for part in body if isinstance(part, kinds) and part.name.startswith("test_")]


@once
def unproved(catalogue: Catalogue, runs: list[Run], root: Path = ROOT) -> list[str]:
    """Return the tests of the answers that ran on no Python with the locked releases."""
    ran = frozenset().union(*(run.ran for run in runs if run.set == "locked"))
    claimed = [
        f"#{number} {test}"
        for number, page in catalogue.answers.items()
        for path in sorted((root / page.snippets).rglob("test_*.py"))
        for test in tests_of(path)
    ]
    return [test for test in claimed if test not in ran]


def read_record(root: Path = ROOT) -> Record:
    """Read the record; raises ``Problems`` where it was edited into another form."""
    text = text_of(root, FILE)
    try:
        return Record.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line, fault = mark.line + 1 if mark else 1, "the record is not valid YAML"
    except ValidationError as error:
        line, what, _ = explain(f"---\n{text}---\n", error.errors()[0], Record)
        line, fault = max(line - 1, 1), f"the record has another form: {what}"
    remedy = f"Restore it: git checkout -- {FILE}; only `make versions` writes it."
    raise Problems([Problem(FILE, line, fault, remedy)])


def write_record(record: Record, root: Path = ROOT) -> None:
    """Write the record, unless it covers less than the one that is there: then raise ``Problems``."""
    path = root / FILE
    if path.exists():
        gone = {run.key for run in read_record(root).runs} - {run.key for run in record.runs}
        if gone:
            missing = ", ".join(f"{kind} on Python {python}" for kind, python in sorted(gone))
            remedy = "Install these Pythons and run all sets; to drop one for good, delete its runs first."
            raise Problems([Problem(FILE, 1, f"kept, since this run lacks {missing}", remedy)])
    text = HEAD + yaml.safe_dump(
        record.model_dump(exclude_defaults=True),
        sort_keys=False,
        default_flow_style=None,
        width=110,
    )
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def stale(record: Record, lock: Lock) -> list[str]:
    """Return in what the record does not belong to the lock, in words; empty where it does."""
    faults = [] if record.lock == lock.date else [f"the lock of {record.lock}, now {lock.date}"]
    locked = record.of("locked")[0].versions
    return faults + [
        f"{name} {locked[name]}, now {lock.versions[name]}"
        for name in PACKAGES
        if locked[name] != lock.versions[name]
    ]

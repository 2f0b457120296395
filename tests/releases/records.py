"""Made-up results of `make versions`, for the tests of what is done with them."""

import datetime
from typing import Any

from scripts.catalogue.answers import AnswerPage
from scripts.releases.lock import read_lock
from scripts.releases.record import Record, Run, digest

LOCK = read_lock()
ANSWER = 7
NEWEST = {"fastapi": "0.999.0", "starlette": "9.0.0", "pydantic": "9.1.0", "uvicorn": "9.2.0"}
OLDEST = {"fastapi": "0.1.0", "starlette": "0.2.0", "pydantic": "0.3.0", "uvicorn": "0.4.0"}
LOCKED = {name: LOCK.versions[name] for name in NEWEST}


def make_run(kind: Any, python: str = "3.11.7", **values: Any) -> Run:
    release = {"oldest": OLDEST, "locked": LOCKED, "newest": NEWEST}[kind]
    counts = {"passed": 9, "failed": 0, "skipped": 1, "seconds": 60}
    return Run.model_validate(
        {"set": kind, "python": python, "versions": release} | counts | values
    )


def make_record(answers: dict[int, str], *runs: Run) -> Record:
    date = datetime.date(2026, 12, 1)
    return Record(date=date, lock=LOCK.date, runs=list(runs), answers=answers)


def record_with_a_failure(page: AnswerPage) -> Record:
    """Both Pythons of all three sets, and one proof of ``page`` that fails on the newest releases."""
    newest = {"failed": 1, "failing": {page.meta.id: ["test_that_fails"]}}
    runs = [
        make_run(kind, python) for kind in ("oldest", "locked") for python in ("3.11.7", "3.12.1")
    ]
    runs += [make_run("newest", python, **newest) for python in ("3.11.7", "3.12.1")]
    return make_record({page.meta.id: digest(page)}, *runs)


def sentence(versions: dict[str, str]) -> str:
    """Return versions as pages and reports list them."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())

"""Run the snippet tests on the oldest, the locked and the newest releases, on every supported Python.

``python -m scripts.releases.run_sets`` runs all of them and writes ``data/checked.yml``; with names of sets
or Pythons (``newest 3.12``) it runs those alone, to look at, and writes nothing.
"""

import datetime
import os
import subprocess
import sys
import time
from pathlib import Path

from scripts.catalogue.answers import Catalogue, load
from scripts.catalogue.files.problems import Problems
from scripts.project import ROOT
from scripts.releases.environment import CommandError
from scripts.releases.lock import read_lock
from scripts.releases.pytest_report import results
from scripts.releases.record import (
    PACKAGES,
    SETS,
    Record,
    Run,
    Set,
    digest,
    minor,
    unproved,
    write_record,
)
from scripts.releases.release_sets import (
    FOLDER,
    LOCKS,
    PYTHONS,
    find_python,
    install,
    pins,
    resolve_newest,
)


def pytest(programs: Path, report: Path, *options: str) -> None:
    """Run the snippet tests with the environment's pytest and write a JUnit report.

    Raises ``CommandError`` where pytest could not run them.
    """
    report.unlink(missing_ok=True)
    cache = report.parent / f"{programs.parent.name}.cache"  # which tests failed
    fixed = ["-q", "-o", f"cache_dir={cache}", f"--junitxml={report}"]
    with report.with_suffix(".log").open("w", encoding="utf-8") as log:
        process = subprocess.run(
            [programs / "python", "-m", "pytest", *fixed, *options, "snippets"],
            cwd=ROOT,
            env=os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if process.returncode not in (0, 1) or not report.exists():
        raise CommandError(f"pytest ended with {process.returncode}: {log.name} says why")


def run(kind: Set, python: Path, version: str, catalogue: Catalogue) -> Run:
    """Run all snippet tests on one set and one Python; raise ``CommandError`` where that fails.

    What fails is run once more, alone: a machine that is too busy says nothing about an answer.
    """
    started = time.monotonic()
    programs, versions = install(kind, python, minor(version))
    report = FOLDER / f"{kind}-{minor(version)}.xml"
    # Elsewhere a deprecation is no fault of an answer.
    options = [] if kind == "locked" else ["-o", "filterwarnings=default"]
    options += ["--continue-on-collection-errors"]
    pytest(programs, report, *options, "--numprocesses=auto", "--dist=loadgroup")
    found = results(report, catalogue)
    if found["failed"]:
        again = report.with_suffix(".again.xml")
        pytest(programs, again, *options, "--last-failed")
        second = results(again, catalogue)
        found["passed"] += found["failed"] - second["failed"]
        found |= {name: second[name] for name in ("failed", "failing")}
    return Run(
        set=kind,
        python=version,
        versions={name: versions[name] for name in PACKAGES},
        seconds=round(time.monotonic() - started),
        **found,
    )


def line(result: Run) -> str:
    """Return a run as one line of the table that is printed."""
    versions = " ".join(f"{name} {version}" for name, version in result.versions.items())
    counts = f"{result.passed} passed, {result.failed} failed, {result.skipped} skipped"
    text = f"{result.set:7} Python {result.python:7} {versions}: {counts}, {result.seconds} s"
    if result.same_as_locked:
        text += " (the newest releases are the locked ones)"
    tests = [f"\n  #{n}: {', '.join(tests)}" for n, tests in result.failing.items()]
    return text + "".join(tests)


def run_all(sets: list[Set], pythons: list[str], catalogue: Catalogue) -> list[Run]:
    """Run each set on each Python that is installed, and print a line for each."""
    same = "newest" in sets and pins(resolve_newest()) == pins(LOCKS["locked"])
    runs: list[Run] = []
    for series in pythons:
        found = find_python(series)
        if not found:
            print(f"Python {series} is not installed: left out.", flush=True)
            continue
        for kind in sets:
            locked = next((r for r in runs if r.key == ("locked", series)), None)
            if kind == "newest" and same and locked:
                runs.append(locked.model_copy(update={"set": kind, "same_as_locked": True}))
            else:
                runs.append(run(kind, *found, catalogue))
            print(line(runs[-1]), flush=True)
    return runs


def main(names: list[str]) -> int:
    """Run what ``names`` chooses, and record it where it is everything; return 1 where that fails."""
    sets = [kind for kind in SETS if kind in names] or list(SETS)
    pythons = [series for series in PYTHONS if series in names] or list(PYTHONS)
    if unknown := set(names) - {*SETS, *PYTHONS}:
        print(
            f"{', '.join(sorted(unknown))}: no set and no Python of {', '.join((*SETS, *PYTHONS))}."
        )
        return 1
    catalogue = load()
    answers = {number: digest(page) for number, page in catalogue.answers.items()}
    try:
        runs = run_all(sets, pythons, catalogue)
        if names:
            print("A part was run: nothing is recorded.")
            return int(any(result.failed for result in runs))
        if missing := unproved(catalogue, runs):
            raise CommandError(f"These tests ran on no Python with the lock: {', '.join(missing)}")
        today = datetime.datetime.now(datetime.UTC).date()
        write_record(Record(date=today, lock=read_lock().date, runs=runs, answers=answers))
    except (CommandError, Problems) as error:
        print(f"Nothing is recorded. {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

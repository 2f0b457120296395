"""Check while writing: `make check` follows the rules, asks the linters, and tests what was changed.

Tests of the tooling run where the tooling was changed, and otherwise in `make test`.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from scripts.authors.changed_files import changed_files, compared, touched
from scripts.authors.linters import lint
from scripts.catalogue.files.annotations import FAULT, tell
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import one_reading
from scripts.project import ROOT
from scripts.validation.rules import Stage, folders
from scripts.validation.validate import subject, validate

TOOLING = ("scripts/", "tests/", "requirements/", "overrides/", "docs/assets/", ".github/", ".ci/")
TOOLING_FILES = ("Makefile", "pyproject.toml", "mkdocs.yml", "data/checked.yml", "data/notes.tsv")
CONTENT = ("tests/search.tsv",)
FEW = 4  # folders of tests that run sooner than more processes start
# What has run already when the tests begin, and what only the built site or a browser shows.
LEFT_OUT = ["-m", "not site", "--deselect", "tests/validation/test_linters.py::test_linter"]
NEXT = "Next: look at the difference, commit, open a pull request; CI runs the rest (make test)."


def is_tooling(file: str) -> bool:
    """Tell whether a file is part of what makes and checks the site."""
    return file not in CONTENT and (file.startswith(TOOLING) or file in TOOLING_FILES)


def to_type(changed: Collection[str]) -> list[str]:
    """Return what mypy has to look at: snippet folders whose Python was changed, all where other was."""
    shared = ("requirements/", "pyproject.toml")
    python = [file for file in changed if file.endswith(".py") or file.startswith(shared)]
    code = {"/".join(file.split("/")[:3]) for file in python if file.count("/") > 2}
    if any(file.count("/") < 3 or not file.startswith("snippets/") for file in python):
        return ["scripts", "snippets", "tests"]
    return sorted(folder for folder in code if (ROOT / folder).is_dir())


def faults(changed: Collection[str]) -> list[str]:
    """Print what the rules and the linters find; return it."""
    with one_reading():
        problems = validate(ROOT)
        early = validate(ROOT, Stage.FINDINGS) if problems else []
        problems += secret(changed)
    if problems:
        tell(Problems(problems))
    known = {subject(problem.file) for problem in early}
    places = {(problem.file, str(problem.line)) for problem in problems}
    linted = [
        line
        for line in lint(ROOT, changed, to_type(changed))
        if not (at := FAULT.match(line))
        or (subject(at["file"]) not in known and (at["file"], at["line"]) not in places)
    ]
    print(*linted, sep="\n", end="\n" if linted else "", flush=True)
    return [*map(str, problems), *linted]


def secret(changed: Collection[str]) -> list[Problem]:
    """Return the secrets in what was changed."""
    if not changed:
        return []
    from scripts.authors.secrets import secrets  # takes a while to import

    return list(secrets(ROOT, (file for file in changed if (ROOT / file).is_file())))


def tests(changed: Collection[str]) -> list[str]:
    """Return what pytest has to run: the folders of the touched answers, and the tests of the tooling."""
    code = [folder for folder in folders(ROOT) if folder.startswith("snippets/")]
    found = sorted(folder for folder in code if touched(folder, set(changed)))
    return [*found, *["tests"] * any(map(is_tooling, changed))]


def main() -> int:
    """Check; return 1 where something is wrong."""
    start, changed = time.monotonic(), changed_files()
    if faults(changed):
        return 1
    if paths := tests(changed):
        few = len(paths) <= FEW and "tests" not in paths
        options = ["-q", *(["-n0"] if few else ["-nauto", "--dist=loadgroup"]), *LEFT_OUT]
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")  # written when all tests have ended
            command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", *paths]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                return 1
            if not report.exists():
                remedy = "Delete what ends the process, or run it in one of its own."
                print(Problem(paths[0], 1, "pytest was ended before its tests", remedy, "Tests"))
                return 1
    if not changed:
        print(f"Nothing differs from {compared()}. So no tests ran; `make test` runs all.")
    print(f"All is well, after {time.monotonic() - start:.0f} s. {NEXT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

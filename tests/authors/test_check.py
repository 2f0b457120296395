"""`make check` names what is wrong once, and runs what a change can break and nothing else."""

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.authors import check
from scripts.authors.new import create
from scripts.project import ROOT
from tests.authors.test_changed_files import git

AWAIT = "snippets/concurrency/await"
ALL = ["scripts", "snippets", "tests"]


@pytest.mark.parametrize(
    ("file", "typed", "tested"),
    [
        ("docs/concurrency/await.md", [], [AWAIT]),
        (f"{AWAIT}/output.txt", [], [AWAIT]),
        (f"{AWAIT}/wrong_condition.py", [AWAIT], [AWAIT]),
        ("docs/paths.md", [], []),
        ("tests/search.tsv", [], []),
        ("data/published.txt", [], []),
        ("README.md", [], []),
        ("scripts/pages/macros.py", ALL, ["tests"]),
        ("docs/assets/search.js", [], ["tests"]),
        (".github/workflows/site.yml", [], ["tests"]),
        ("Makefile", [], ["tests"]),
    ],
)
def test_a_change_is_checked_by_what_it_can_break(
    file: str, typed: list[str], tested: list[str]
) -> None:
    assert check.to_type({file}) == typed
    assert check.tests({file}) == tested


def test_what_all_tests_share_concerns_all() -> None:
    assert check.to_type({"snippets/concurrency/conftest.py"}) == ALL
    assert AWAIT in check.tests({"snippets/concurrency/conftest.py"})
    assert len(check.tests({"pyproject.toml"})) > len(check.tests({"snippets/concurrency/x.py"}))


def test_what_only_a_linter_finds_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "validate", lambda *_: [])
    monkeypatch.setattr(check, "lint", lambda *_: ["a.py:1:1: F401 unused"])
    assert check.faults([]) == ["a.py:1:1: F401 unused"]


def run(root: Path) -> tuple[int, list[str]]:
    """Run `make check` without make; return its exit code and its lines."""
    known = {"MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}  # of the libraries, which take longest
    command = [sys.executable, "-m", "scripts.authors.check"]
    result = subprocess.run(
        command, cwd=root, env=os.environ | known, capture_output=True, text=True, check=False
    )
    return result.returncode, (result.stderr + result.stdout).splitlines()


@pytest.mark.site  # copies the project
def test_a_new_answer_gets_the_list_of_what_to_write_and_one_line_for_another_fault(
    repository: Path,
) -> None:
    git(repository, "add", ".")
    git(repository, "commit", "--message=all")
    code, lines = run(repository)
    assert code == 0, lines
    assert lines[0].startswith("Nothing differs from the last commit, and there is no origin/main")
    assert lines[1].startswith("All is well, after ")
    create(repository, "concurrency", "waiting", "What is it?", datetime.date(2026, 11, 24))
    page = repository / "docs/concurrency/waiting.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("\n## In review", "\n\n## In review"), encoding="utf-8")
    code, lines = run(repository)
    assert code == 1
    others = [line for line in lines if ": not written yet: " not in line]
    assert len(lines) - len(others) > 10
    [fault] = others
    assert "[MD012]" in fault
    assert fault.endswith("Run `make fix`, which repairs it.")

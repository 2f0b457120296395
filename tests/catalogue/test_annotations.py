"""In GitHub Actions faults appear on their line of the pull request's diff."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.catalogue.files.annotations import annotations, with_reason
from scripts.catalogue.files.problems import Problem
from scripts.project import ROOT

FILE = "docs/index.md"
TEST = """
import pytest


def test_fails_with_a_line():
    pytest.fail("docs/index.md:3: it is wrong. Correct it.", pytrace=False)


def test_fails_in_the_code():
    assert 1 + 1 == 3
"""


def test_a_problem_is_an_annotation_with_its_fault_as_the_title() -> None:
    problem = Problem(FILE, 12, "the code block is pasted", "Put it elsewhere.", "Code")
    told = "Put it elsewhere. See CONTRIBUTING.md, “Code”."
    title = "the code block is pasted"
    assert annotations(str(problem)) == [f"::error file={FILE},line=12,title={title}::{told}"]


def test_signs_of_the_command_are_escaped() -> None:
    problem = Problem(FILE, 1, "100 %: a, b", "Write 50 %, or: nothing.")
    expected = f"::error file={FILE},line=1,title=100 %25%3A a%2C b::Write 50 %25, or: nothing."
    assert annotations(str(problem)) == [expected]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("2:4: F401 [*] `os` imported but unused", "F401 [*] `os` imported but unused"),
        ("2: error: Missing return  [return]", "Missing return  [return]"),
        ("2:1: [MD010] Found tab", "[MD010] Found tab"),
    ],
    ids=["ruff", "mypy", "rumdl"],
)
def test_the_lines_of_the_linters_are_annotations(line: str, title: str) -> None:
    escaped = title.replace(":", "%3A").replace(",", "%2C")
    assert annotations(f"{FILE}:{line}") == [f"::error file={FILE},line=2,title={escaped}::{title}"]


def test_one_fault_is_told_once_and_what_is_none_not_at_all() -> None:
    text = f"{FILE}:1: wrong. Correct it.\n{FILE}:1: wrong. Correct it.\nSee docs: 12: nothing\n"
    explained = f"{FILE}:1: note: explains it\nno/such/file.md:1: wrong. Correct it.\n3 failed\n"
    assert len(annotations(text + explained)) == 1


@pytest.mark.site  # not for its need of one: it starts pytest twice, which is slow
@pytest.mark.parametrize("value", ["true", ""])
def test_failed_tests_are_annotated_in_actions_alone(tmp_path: Path, value: str) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/session.py").read_text(encoding="utf-8"))
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    environment = os.environ | {"GITHUB_ACTIONS": value, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    result = subprocess.run(
        [*command, f"--rootdir={tmp_path}", "--import-mode=importlib", tmp_path],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in result.stdout.splitlines() if line.startswith("::")]
    assert result.returncode == 1, result.stdout + result.stderr
    assert told == ([f"::error file={FILE},line=3,title=it is wrong::Correct it."] if value else [])


def test_the_end_of_a_traceback_is_told_with_its_reason() -> None:
    text = f"    assert x\nE   AssertionError: assert 1 == 2\n\n{FILE}:7: AssertionError"
    assert with_reason(text).splitlines()[-1] == f"{FILE}:7: AssertionError: assert 1 == 2"
    assert with_reason(f"{FILE}:7: wrong") == f"{FILE}:7: wrong"

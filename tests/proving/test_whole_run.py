"""A run of tests that passes has run all of them, and has changed no file of the project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.authors import check
from scripts.project import ROOT

CHILD = """import subprocess
import sys


def test_it():
    code = "open('left.tsv', 'w').close()"
    assert subprocess.run([sys.executable, "-c", code], check=True)
"""
EXITS = """import pytest


def test_it():
    getattr(pytest, "exit")("enough", returncode=0)


def test_another():
    assert not "run"
"""


def run(folder: Path, module: str) -> subprocess.CompletedProcess[str]:
    """Run a module of tests in a repository of its own."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / "test_one.py").write_text(module)
    options = ["-p", "tests.session", "-p", "no:cacheprovider", "--numprocesses=0"]
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options, "test_one.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (CHILD, "left.tsv:1: it changed while the tests ran. Write below `tmp_path`"),
        (EXITS, "test_one.py:1: 2 of 2 tests did not run. Delete what ends the run"),
    ],
    ids=["a file that a started process writes", "a test that ends the run as if all were well"],
)
def test_a_run_fails(tmp_path: Path, module: str, says: str) -> None:
    result = run(tmp_path, module)
    assert result.returncode == 1
    assert says in result.stdout


def test_make_check_does_not_believe_a_run_that_was_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = ["snippets/concurrency/await/output.txt"]
    monkeypatch.setattr(check, "changed_files", lambda: changed)
    monkeypatch.setattr(check, "faults", lambda _: [])
    monkeypatch.setattr(sys, "executable", "true")
    assert check.main() == 1
    said = "snippets/concurrency/await:1: pytest was ended before its tests. Delete what ends the process"
    assert said in capsys.readouterr().out

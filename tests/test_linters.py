"""The linters, one test each, so that they run in parallel with everything else."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.catalogue import ROOT

BIN = Path(sys.executable).parent
LINTERS = {
    "the Python code is formatted": ["ruff", "format", "--check", "--quiet", "."],
    "the Python code follows the rules": ["ruff", "check", "--quiet", "."],
    "the types are right": [
        "mypy",
        "--no-error-summary",
        "scripts",
        "snippets",
        "tests",
        "audit",
        "conftest.py",
    ],
    "the Markdown is well formed": ["rumdl", "check", "--quiet", "."],
}


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS.keys())
def test_linter(command: list[str]) -> None:
    result = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    output = (result.stdout + result.stderr).strip()
    if result.returncode:
        pytest.fail(f"{output}\n`make fix` repairs what a machine can.", pytrace=False)

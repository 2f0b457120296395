"""The linters, one test each, so that they run in parallel with everything else."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.project import ROOT

BIN = Path(sys.executable).parent
CONCISE = ["--quiet", "--output-format", "concise"]  # one line for each fault, with file and line
LINTERS = {
    "the Python code is formatted": ["ruff", "format", "--check", *CONCISE, "."],
    "the Python code follows the rules": ["ruff", "check", *CONCISE, "."],
    "the types are right": [
        "mypy",
        "--no-error-summary",
        "scripts",
        "snippets",
        "tests",
    ],
    "the Markdown is well formed": ["rumdl", "check", "--quiet", "."],
}
REPAIR = "`make fix` repairs what a machine can. See CONTRIBUTING.md, “Files”."


def faults(command: list[str], root: Path) -> str:
    """Return what a linter prints about ``root``, and how to repair it, or nothing."""
    result = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=root, capture_output=True, text=True, check=False
    )
    output = (result.stdout + result.stderr).strip()
    return f"{output}\n{REPAIR}" if result.returncode else ""


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS)
def test_linter(command: list[str]) -> None:
    if text := faults(command, ROOT):
        pytest.fail(text, pytrace=False)

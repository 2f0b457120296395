"""A run of tests that leaves a process behind fails, names the test, and ends the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.project import ROOT
from tests.session import RUN

MODULE = """import subprocess
import sys


def test_it():
    command = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    process = subprocess.Popen(command)
    with open("process.txt", "w") as file:
        file.write(str(process.pid))
    assert process.poll() is None
"""
AT_ONCE = "from tests import session\n\nsession.GRACE = 0.1\n"


@pytest.mark.needs(Path("/proc/self/environ").exists(), "Linux, which tells what runs")
def test_a_process_that_a_test_leaves_fails_the_run_and_is_ended(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(AT_ONCE)
    (tmp_path / "test_one.py").write_text(MODULE)
    outside = {name: value for name, value in os.environ.items() if name != RUN}
    options = ["-p", "tests.session", "-p", "no:cacheprovider", "--numprocesses=2"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_one.py"],
        cwd=tmp_path,
        env=outside | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in result.stdout
    assert result.returncode == 1
    assert "ERROR A process was left by test_one.py::test_it: " in result.stdout
    command = Path("/proc", (tmp_path / "process.txt").read_text(), "cmdline")
    assert not command.exists() or not command.read_bytes()  # gone, or ended and not yet collected

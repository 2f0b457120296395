"""A run of tests that leaves a process behind fails, names the test, and ends the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.project import ROOT
from tests.session import RUN

LEAVES = """import subprocess
import sys


def test_it():
    command = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    process = subprocess.Popen(command)
    with open("process.txt", "w") as file:
        file.write(str(process.pid))
    assert process.poll() is None
"""
CLEANS_UP = """from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def test_it():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(abs, -1).result() == 1
"""
AT_ONCE = "from tests import session\n\nsession.GRACE = 0.1\n"


pytestmark = [
    pytest.mark.needs(Path("/proc/self/environ").exists(), "Linux, which tells what runs"),
    pytest.mark.parametrize("processes", ["0", "2"]),
]


def run(folder: Path, module: str, processes: str) -> subprocess.CompletedProcess[str]:
    """Run a module of one test as a run of its own."""
    (folder / "conftest.py").write_text(AT_ONCE)
    (folder / "test_one.py").write_text(module)
    outside = {name: value for name, value in os.environ.items() if name != RUN}
    options = ["-p", "tests.session", "-p", "no:cacheprovider", f"--numprocesses={processes}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_one.py"],
        cwd=folder,
        env=outside | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_process_that_a_test_leaves_fails_the_run_and_is_ended(
    processes: str, tmp_path: Path
) -> None:
    result = run(tmp_path, LEAVES, processes)
    assert "1 passed" in result.stdout
    assert result.returncode == 1
    assert "test_one.py:5: test_it has left a process: " in result.stdout
    command = Path("/proc", (tmp_path / "process.txt").read_text(), "cmdline")
    assert not command.exists() or not command.read_bytes()  # gone, or ended and not yet collected


def test_a_pool_that_a_test_shuts_down_is_no_process_that_it_leaves(
    processes: str, tmp_path: Path
) -> None:
    result = run(tmp_path, CLEANS_UP, processes)
    assert result.returncode == 0, result.stdout

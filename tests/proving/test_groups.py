"""Groups of tests, such as those that share a server, stay in one process of a run."""

import os
import re
import subprocess
import sys
from pathlib import Path

from scripts.project import ROOT

MODULE = """import pytest

pytestmark = pytest.mark.xdist_group("shared")


def test_one():
    assert True


def test_another():
    assert True
"""


def test_a_group_of_several_files_runs_in_one_process_and_its_ids_stay_plain(
    tmp_path: Path,
) -> None:
    for number in range(4):
        (tmp_path / f"test_{number}.py").write_text(MODULE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "tests.session",
        "-p",
        "no:cacheprovider",
    ]
    result = subprocess.run(
        [*command, "--numprocesses=2", "--dist=loadgroup", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    ran = re.findall(r"^\[(gw\d)\] .*PASSED (\S+)", result.stdout, re.M)
    names = [
        f"test_{number}.py::{name}" for number in range(4) for name in ("test_one", "test_another")
    ]
    assert sorted(name for _, name in ran) == sorted(names), result.stdout
    assert len({process for process, _ in ran}) == 1

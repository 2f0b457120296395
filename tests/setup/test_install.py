"""An installation says what it does, and what is wrong with it in one line."""

import subprocess
from pathlib import Path

import pytest

from scripts.project import ROOT
from scripts.setup import install
from tests.conftest import make

LOCK = "requirements/site.txt"


def test_an_interrupted_environment_gets_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert install.main(LOCK, "builds the site") == 1
    expected = "The installation of .venv was interrupted: it has no pip. Run `make clean`, then"
    assert capsys.readouterr().err.startswith(expected)


def test_a_lock_with_a_fault_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install.faults() == []
    monkeypatch.setattr(install, "faults", lambda: ["requirements/site.txt:1: it is wrong. Run …"])
    monkeypatch.setattr(subprocess, "Popen", None)
    assert install.main(LOCK, "builds the site") == 1
    assert capsys.readouterr().err == "requirements/site.txt:1: it is wrong. Run …\n"


def test_it_says_how_far_it_is_where_somebody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        "Collecting a==1\n",
        "  Downloading a\n",
        "Collecting b.c==2\n",
        "Installing collected\n",
    ]
    install.progress(lines, 2, in_place=False)
    assert capsys.readouterr().out == ""
    lines[-1] = "Installing collected packages: a, b.c\n"
    install.progress(lines, 2, in_place=True)
    said = [line.strip() for line in capsys.readouterr().out.split("\r")]
    assert said == ["", "1 of 2: a", "2 of 2: b.c", "writing the files", "", ""]


def test_a_python_that_the_environment_does_not_have_is_told_to_be_ignored(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"))
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    for path, version in ((python, "3.11.7"), (tmp_path / "other", "3.12.0")):
        path.write_text(f"#!/bin/sh\necho Python {version}\n", encoding="utf-8")
        path.chmod(0o755)
    ignored = "is ignored: .venv has Python 3.11.7. Run make clean to have another."
    for given, told in {
        "PYTHON=./other": f"PYTHON=./other {ignored}",
        "PYTHON=no-such": f"PYTHON=no-such {ignored}",
        f"PYTHON={python}": "help        List the commands",
        "PORT=1": "help        List the commands",
    }.items():
        assert make("help", given, cwd=tmp_path).stdout.splitlines()[0] == told
    assert "ignored" not in make("clean", "PYTHON=./other", cwd=tmp_path).stdout

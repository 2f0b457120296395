"""What a machine lacks is told in one line with the remedy."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.project import ROOT
from scripts.setup import chromium as install_chromium
from scripts.setup import servers, system_packages
from tests.conftest import make


def test_a_missing_python_gets_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/site.txt").touch()
    result = make("serve", "PYTHON=no-such-python", cwd=tmp_path)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert result.returncode != 0
    assert len(lines) == 1
    assert lines[0].startswith("no-such-python is missing: install Python 3.11.5 or newer")


def test_an_old_python_gets_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/site.txt").touch()
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    result = make("serve", f"PYTHON={old}", cwd=tmp_path)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert result.returncode != 0
    assert len(lines) == 1
    assert "is older than 3.11.5: install a newer one" in lines[0]


def test_a_chromium_that_cannot_be_installed_gets_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_chromium, "system_chromium", lambda: None)
    monkeypatch.setattr(system_packages, "can_install", lambda: True)
    monkeypatch.setattr(system_packages, "install", lambda package: f"no {package} to be had.")
    assert install_chromium.main() == 1
    expected = "Chromium could not be installed: no chromium to be had. Install it by hand"
    assert capsys.readouterr().err.startswith(expected)


@pytest.mark.parametrize("server", servers.SERVERS, ids=lambda server: server.name)
def test_a_server_that_cannot_be_installed_gets_one_line_with_the_remedy(
    server: servers.Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = replace(server, find=lambda: None)
    monkeypatch.setattr(servers, "SERVERS", (missing,))
    monkeypatch.setattr(system_packages, "can_install", lambda: False)
    assert servers.main() == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"{server.name} could not be installed: this needs apt and root.")
    assert f"Install it (Debian, Ubuntu: apt install {server.debian}" in error


def test_a_failed_command_is_told_by_the_last_line_it_printed() -> None:
    assert system_packages.run([sys.executable, "-c", "raise OSError('no network')"]) == (
        "OSError: no network."
    )
    assert system_packages.run([sys.executable, "-c", ""]) == ""

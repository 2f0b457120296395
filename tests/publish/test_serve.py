"""What the commands say and do on a machine that lacks something, and while an author writes."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.problems import Problem, Problems
from scripts.project import ROOT
from scripts.publish import complete, serve
from scripts.setup import chromium as install_chromium
from scripts.setup import postgresql as install_postgresql
from scripts.setup import system_packages

PATIENCE = 60  # seconds until a server that does not come up fails the test


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run make in ``cwd`` without the flags of an outer make."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def read(address: str) -> str:
    """Return the page at ``address``, or an empty string while no server answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            text: str = response.read().decode()
            return text
    except OSError:
        return ""


def wait_for(address: str, text: str) -> None:
    """Wait until the page at ``address`` holds ``text``; fail after ``PATIENCE`` seconds."""
    deadline = time.monotonic() + PATIENCE
    while text not in read(address):
        assert time.monotonic() < deadline, f"{address} does not show {text!r}"
        time.sleep(0.05)


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


def test_a_taken_port_gets_one_line_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.main(port) == 1
    expected = f"Port {port} is taken: stop what uses it, or run `make serve PORT={port + 1}`.\n"
    assert capsys.readouterr().err == expected


def test_a_chromium_that_cannot_be_installed_gets_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_chromium, "system_chromium", lambda: None)
    monkeypatch.setattr(system_packages, "can_install", lambda: True)
    monkeypatch.setattr(system_packages, "install", lambda package: f"no {package} to be had.")
    assert install_chromium.main() == 1
    expected = "Chromium could not be installed: no chromium to be had. Install it by hand"
    assert capsys.readouterr().err.startswith(expected)


def test_a_postgresql_that_cannot_be_installed_gets_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_postgresql, "server_programs", lambda: None)
    monkeypatch.setattr(system_packages, "can_install", lambda: False)
    assert install_postgresql.main() == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Install it (Debian, Ubuntu: apt install postgresql" in error


def test_a_fault_that_an_edit_brings_is_told_in_one_line_while_serving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem("docs/a.md", 3, "it is wrong", "Correct it.")

    def load() -> Catalogue:
        raise Problems([problem])

    monkeypatch.setattr(serve, "load", load)
    with pytest.raises(Abort) as told:  # MkDocs prints it without a traceback, and goes on
        serve.Builder()(MkDocsConfig())
    assert str(told.value) == "docs/a.md:3: it is wrong. Correct it."


def test_the_build_stops_at_what_the_security_policy_would_block(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = Problem("site/a/index.html", 3, "a script", "Remove it.")
    monkeypatch.setattr(complete, "complete", lambda site: None)
    monkeypatch.setattr(complete, "vanished", lambda found, root: [])
    monkeypatch.setattr(complete, "seal", lambda site: [problem])
    assert complete.main() == 1
    assert capsys.readouterr().err == "site/a/index.html:3: a script. Remove it.\n"


def test_a_failed_command_is_told_by_the_last_line_it_printed() -> None:
    assert system_packages.run([sys.executable, "-c", "raise OSError('no network')"]) == (
        "OSError: no network."
    )
    assert system_packages.run([sys.executable, "-c", ""]) == ""


@pytest.fixture
def server(tree: Path) -> Iterator[str]:
    """Serve a copy of the tree; return its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.publish.serve", str(port)],
        cwd=tree,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.mark.site
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("docs/concurrency/blocking-the-event-loop.md", "A worker process", "An edited process"),
        (
            "snippets/concurrency/blocking_the_event_loop/wrong_blocking_call.py",
            "runs on the event loop's",
            "edited: the event loop's",
        ),
    ],
    ids=["page", "snippet"],
)
def test_an_edit_shows_in_the_served_page(
    tree: Path, server: str, file: str, old: str, new: str
) -> None:
    address = f"{server}concurrency/blocking-the-event-loop/"
    wait_for(address, old.replace("'", "&#39;").partition("&")[0])
    # The script of the live reload is none that the security policy of the published pages allows.
    page = read(address)
    assert "livereload(" in page
    assert "Content-Security-Policy" not in page
    path = tree / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    start = time.monotonic()
    wait_for(address, new.partition("'")[0])
    print(f"{file}: shown after {time.monotonic() - start:.1f} s")

import inspect
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from fastapi_cli.cli import run
from pydantic import ValidationError
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.ext.asyncio import create_async_engine

from snippets.conftest import free_port
from snippets.deployment.cloud_platforms import settings, wrong_settings

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PATIENCE = 120.0
APP = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/livez")
async def livez():
    return {"status": "ok"}
"""


def web(procfile: str) -> str:
    """Return the command of the process type web."""
    found: str = re.findall(r"^web: (.*)$", (HERE / procfile).read_text(), re.M)[0]
    return found


class Dyno:
    """A command as the platform starts it: in a shell, with PORT in the environment."""

    def __init__(self, folder: Path, command: str) -> None:
        self.log = folder / "log.txt"
        self.port = free_port()
        with self.log.open("w") as file:
            self.process = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                cwd=folder,
                env={
                    **os.environ,
                    "PATH": f"{BIN}:{os.environ['PATH']}",
                    "PORT": str(self.port),
                },
                stdout=file,
                stderr=file,
            )

    def answer(self) -> str | None:
        """Return what the server says, or nothing if the process has ended."""
        url = f"http://127.0.0.1:{self.port}/livez"
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.log.read_text()
            try:
                with urlopen(url, timeout=PATIENCE) as got:
                    return str(got.read().decode())
            except OSError:
                time.sleep(0.02)
        return None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def dyno(tmp_path: Path) -> Iterator[Any]:
    """Return ``dyno(command)``, which starts a command and waits for its answer."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(APP)
    started: list[Dyno] = []

    def start(command: str) -> Dyno:
        for _ in range(5):  # another process may take the free port first
            started.append(Dyno(tmp_path, command))
            if started[-1].answer() == '{"status":"ok"}':
                return started[-1]
            started[-1].kill()
        raise AssertionError(started[-1].log.read_text())

    yield start
    for one in started:
        one.kill()


def test_the_procfile_listens_on_the_port_of_the_platform_and_stops_on_sigterm(
    dyno: Any,
) -> None:
    one = dyno(web("Procfile"))
    one.process.send_signal(signal.SIGTERM)
    one.process.wait(PATIENCE)
    assert "Application shutdown complete." in one.log.read_text()
    assert f"http://0.0.0.0:{one.port}" in one.log.read_text()


def test_fastapi_run_reads_port_and_listens_on_every_address(dyno: Any) -> None:
    dyno("fastapi run app/main.py")  # answers on the port
    assert inspect.signature(run).parameters["host"].default == "0.0.0.0"


def test_uvicorn_ignores_port_and_without_options_listens_on_127_0_0_1_8000(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "5000")
    words = web("wrong_Procfile").split()
    found = uvicorn.main.make_context("uvicorn", words[1:]).params
    assert (found["host"], found["port"]) == ("127.0.0.1", 8000)
    assert found["reload"] is True


def test_uvicorn_takes_the_number_of_workers_from_web_concurrency(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    assert uvicorn.Config(FastAPI()).workers == 2
    assert uvicorn.Config(FastAPI(), workers=1).workers == 1


def test_the_limit_of_uvicorn_fits_into_the_thirty_seconds_of_heroku() -> None:
    words = web("Procfile").replace("$PORT", "5000").split()
    found = uvicorn.main.make_context("uvicorn", words[1:]).params
    assert found["timeout_graceful_shutdown"] == 20


def test_uvicorn_keeps_idle_connections_longer_than_the_router_of_heroku() -> None:
    words = web("Procfile").replace("$PORT", "5000").split()
    found = uvicorn.main.make_context("uvicorn", words[1:]).params
    assert found["timeout_keep_alive"] > 90


def test_sqlalchemy_refuses_the_scheme_postgres(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(NoSuchModuleError, match=r"sqlalchemy\.dialects:postgres"):
        create_engine("postgres://u:p@db.example.com/app")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db.example.com/app")
    with pytest.raises(NoSuchModuleError):
        TestClient(wrong_settings.app).get("/database")


def test_the_env_py_of_the_release_command_refuses_it_and_with_driver_repairs_it() -> (
    None
):
    url = "postgres://u:p@db.example.com/app"
    with pytest.raises(NoSuchModuleError, match=r"sqlalchemy\.dialects:postgres"):
        create_async_engine(url)
    engine = create_async_engine(str(settings.with_driver(url)))
    assert engine.dialect.driver == "psycopg"


def test_a_default_hides_the_missing_setting_behind_a_local_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    answer = TestClient(wrong_settings.app).get("/database")
    assert answer.json() == {"dialect": "sqlite"}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_settings_name_the_driver_whatever_the_platform_says(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://u:p@db.example.com/app")
    url = str(settings.Settings().database_url)
    assert url == "postgresql+psycopg://u:p@db.example.com/app"
    assert create_engine(url).dialect.driver == "psycopg"
    with TestClient(settings.app) as client:
        assert client.get("/driver").json() == "postgresql+psycopg"
        assert client.get("/livez").json() == {"status": "ok"}


def test_an_address_without_a_host_is_refused_and_localhost_gives_way_to_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    login, socket = "u:p", "/cloudsql/project:region:db"
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{login}@/app?host={socket}")
    with pytest.raises(ValidationError, match="empty host"):
        settings.Settings()
    monkeypatch.setenv(
        "DATABASE_URL", f"postgresql://{login}@localhost/app?host={socket}"
    )
    url = make_url(str(settings.Settings().database_url))
    _, connection = create_engine(url).dialect.create_connect_args(url)
    assert connection["host"] == socket


def test_a_missing_setting_is_an_error_with_its_name(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ValidationError) as caught, TestClient(settings.app):
        pass
    lines = str(caught.value).splitlines()
    assert lines[1:3] == ["database_url", "  Field required [type=missing]"]
    recorded("missing.txt", "\n".join(lines[:3]))


@pytest.mark.parametrize(
    "malformed",
    [
        "postgres://USER@db.example.com:99999/app",
        "postgres://USER@[::1/app",
        "postgres://USER/1@db.example.com/app",
        "USER@db.example.com",
    ],
)
def test_the_error_about_a_malformed_address_does_not_show_its_password(
    monkeypatch: pytest.MonkeyPatch, malformed: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", malformed.replace("USER", "u:pass-word"))
    with pytest.raises(ValidationError) as caught:
        settings.Settings()
    assert "pass-word" not in str(caught.value)


def test_neither_the_error_nor_the_settings_show_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://u:pass-word@db.example.com/app")
    with pytest.raises(ValidationError, match="URL scheme should be") as caught:
        settings.Settings()
    assert "pass-word" not in str(caught.value)
    monkeypatch.setenv("DATABASE_URL", "postgres://u:pass-word@db.example.com/app")
    right = settings.Settings()
    assert "pass-word" in str(right.database_url)
    assert "pass-word" not in repr(right)

import json
import os
import re
import runpy
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import fastapi.cli
import fastapi_cli.cli
import pytest
import uvicorn
from click.testing import CliRunner as ClickRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner
from uvicorn.supervisors.watchfilesreload import FileFilter

from snippets.structure_and_start.starting_the_server import hello, start_in_a_loop

FOLDER = Path(__file__).parent
UVICORN = ["uvicorn", "main:app", "--port", "0"]
# What the commands leave alone while a test looks at them.
VARIABLES = ("PORT", "WEB_CONCURRENCY", "UVICORN_PORT", "FASTAPI_ENV")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the main.py of the page, in which the commands run."""
    shutil.copy(FOLDER / "hello.py", tmp_path / "main.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def copy(snippet: str, folder: Path, **changes: str) -> None:
    text = (FOLDER / snippet).read_text().replace("port=8000", "port=0")
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "main.py").write_text(text)


@pytest.fixture
def told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Return ``told(command, *arguments)``: what the command hands to `uvicorn.run`."""

    def ask(command: str, *arguments: str) -> dict[str, Any]:
        told: list[dict[str, Any]] = []

        def run(app: Any, **options: Any) -> None:
            told.append({"app": app} | options)

        monkeypatch.setenv("FASTAPI_ENV", "test")
        for module in (uvicorn, sys.modules["uvicorn.main"]):
            monkeypatch.setattr(module, "run", run)
        monkeypatch.delitem(sys.modules, "main", raising=False)
        if command == "uvicorn":
            ClickRunner().invoke(uvicorn.main, list(arguments))
        else:
            CliRunner().invoke(fastapi_cli.cli.app, [command, *arguments])
        monkeypatch.delitem(sys.modules, "main", raising=False)
        return told[0] if told else {}

    return ask


Told = Callable[..., dict[str, Any]]


def test_the_commands_differ_in_address_reload_and_workers(told: Told) -> None:
    shown = ("app", "host", "port", "reload", "workers")
    dev, run, plain = told("dev"), told("run"), told("uvicorn", "main:app")
    assert [dev[key] for key in shown] == ["main:app", "127.0.0.1", 8000, True, None]
    assert [run[key] for key in shown] == ["main:app", "0.0.0.0", 8000, False, None]
    assert [plain[key] for key in shown] == ["main:app", "127.0.0.1", 8000, False, None]
    assert (
        dev["proxy_headers"] is run["proxy_headers"] is plain["proxy_headers"] is True
    )


def test_fastapi_dev_has_no_workers_and_fastapi_run_has(told: Told) -> None:
    assert told("run", "--workers", "4")["workers"] == 4
    assert told("dev", "--workers", "4") == {}
    assert told("run", "main.py", "--host", "127.0.0.1")["host"] == "127.0.0.1"


def test_uvicorn_has_settings_that_fastapi_run_lacks(told: Told) -> None:
    settings = {
        "--timeout-graceful-shutdown": "timeout_graceful_shutdown",
        "--limit-max-requests": "limit_max_requests",
        "--timeout-keep-alive": "timeout_keep_alive",
    }
    for option, name in settings.items():
        assert told("uvicorn", "main:app", option, "20")[name] == 20
        assert told("run", option, "20") == {}
    for option in ("--log-level", "--ssl-keyfile", "--log-config", "--uds"):
        assert told("run", option, "x") == {}


def test_the_fastapi_command_finds_main_app_and_api_and_names_app_and_api(
    told: Told, project: Path
) -> None:
    text = (project / "main.py").read_text()
    (project / "main.py").unlink()
    assert told("run") == {}
    for place in ("api.py", "app.py", "main.py"):
        (project / place).write_text(text)
        assert told("run")["app"] == f"{place[:-3]}:app"
    (project / "main.py").write_text("from fastapi import FastAPI\nfirst = FastAPI()\n")
    assert told("run")["app"] == "main:first"
    (project / "main.py").write_text(
        "from fastapi import FastAPI\nfirst = api = FastAPI()\n"
    )
    assert told("run")["app"] == "main:api"


def test_an_entrypoint_in_pyproject_names_the_application(
    told: Told, project: Path
) -> None:
    shutil.copytree(project, project / "service", ignore=shutil.ignore_patterns("se*"))
    (project / "main.py").unlink()
    assert told("run") == {}
    entrypoint = '[tool.fastapi]\nentrypoint = "service.main:app"\n'
    (project / "pyproject.toml").write_text(entrypoint)
    assert told("run")["app"] == told("dev")["app"] == "service.main:app"
    assert told("run", "service/main.py")["app"] == "main:app"  # a path goes first


def test_the_fastapi_command_reads_port_and_uvicorn_its_own_variables(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert told("run")["port"] == told("dev")["port"] == 8123
    assert told("uvicorn", "main:app")["port"] == 8000
    monkeypatch.setenv("UVICORN_PORT", "8124")
    assert told("uvicorn", "main:app")["port"] == 8124
    assert told("run")["port"] == 8123


def test_options_that_may_be_repeated_are_lists_in_code(told: Told) -> None:
    options = ("--reload-dir", ".", "--reload-include", "*.html", "--reload")
    given = told("uvicorn", "main:app", *options)
    assert list(given["reload_dirs"]) == ["."]
    assert list(given["reload_includes"]) == ["*.html"]


def test_web_concurrency_sets_the_workers_of_each_command(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    for given in (told("run"), told("uvicorn", "main:app")):
        config = uvicorn.Config(given["app"], workers=given["workers"])
        assert config.workers == 3
    assert told("run", "--workers", "2")["workers"] == 2


def test_the_entrypoint_is_read_in_the_folder_of_pyproject_alone(
    told: Told, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entrypoint = '[tool.fastapi]\nentrypoint = "main:app"\n'
    (project / "pyproject.toml").write_text(entrypoint)
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    assert told("run") == {}


def test_uvicorn_run_reads_web_concurrency_and_no_other_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    monkeypatch.setenv("UVICORN_PORT", "8124")
    monkeypatch.setenv("PORT", "8123")
    config = uvicorn.Config("main:app")
    assert (config.workers, config.port) == (3, 8000)


def test_the_program_of_the_page_starts_with_uvicorn_and_answers(
    project: Path, start: Any, recorded: Any
) -> None:
    server = start(UVICORN, project)
    with urlopen(server.address(), timeout=30) as response:
        answer = json.loads(response.read())
    assert answer == {"message": "Hello"}
    assert TestClient(hello.app).get("/").json() == answer
    server.line("GET / ")
    log = "\n".join(server.lines)
    log = re.sub(r"process \[\d+\]", "process [4242]", log)
    log = re.sub(r"127\.0\.0\.1:\d+ -", "127.0.0.1:52114 -", log)
    recorded("uvicorn.txt", re.sub(r"(http://127\.0\.0\.1):\d+", r"\1:8000", log))
    server.stop()


def test_uvicorn_takes_a_module_and_a_variable_and_no_file(
    project: Path, log: list[str]
) -> None:
    assert ClickRunner().invoke(uvicorn.main, ["main.py"]).exit_code != 0
    assert log == [
        "ERROR: Error loading ASGI app. "
        'Import string "main.py" must be in format "<module>:<attribute>".'
    ]


def test_python_main_py_ends_at_once_where_nothing_starts_a_server(
    log: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(FOLDER / "hello.py"), run_name="__main__")
    assert (log, capsys.readouterr().out) == ([], "")


def test_reload_starts_the_changed_program(project: Path, start: Any) -> None:
    shutil.copy(FOLDER / "start_in_code.py", project / "run.py")
    text = (project / "run.py").read_text().replace("port=8000", "port=0, reload=True")
    (project / "run.py").write_text(text)
    server = start(["python", "run.py"], project)
    address = server.address()
    server.line("Started reloader process")
    text = (project / "main.py").read_text().replace("Hello", "Changed")
    (project / "main.py").write_text(text)
    server.line("Application startup complete", 2)
    with urlopen(address, timeout=30) as response:
        assert json.loads(response.read()) == {"message": "Changed"}
    server.stop()


def test_reload_watches_python_files(project: Path) -> None:
    config = uvicorn.Config("main:app", reload=True)
    assert [path.resolve() for path in config.reload_dirs] == [project.resolve()]
    watched = FileFilter(config)
    assert watched(project / "main.py")
    assert not any(watched(project / name) for name in (".env", "page.html"))


@pytest.mark.since(uvicorn="0.47.0")
def test_the_file_that_names_itself_is_imported_twice(
    tmp_path: Path, project: Path, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy("workers_in_code.py", tmp_path, **{", workers=4": ""})
    text = (tmp_path / "main.py").read_text()
    seen = "import builtins\nbuiltins.seen(__name__)\n"
    (tmp_path / "main.py").write_text(seen + text)
    names: list[str] = []
    monkeypatch.setattr("builtins.seen", names.append, raising=False)
    monkeypatch.setattr(uvicorn.Server, "run", lambda server: None)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "main", raising=False)
    with pytest.raises(SystemExit):  # no server has started
        runpy.run_path("main.py", run_name="__main__")
    assert names == ["__main__", "main"]


def test_under_reload_the_process_that_serves_loads_that_file_twice_too(
    tmp_path: Path, start: Any
) -> None:
    reload = {"workers=4": "reload=True, port=0"}
    copy("workers_in_code.py", tmp_path, **reload)
    text = (tmp_path / "main.py").read_text()
    seen = 'import os\nprint("loaded", os.getpid(), __name__, flush=True)\n'
    (tmp_path / "main.py").write_text(seen + text)
    server = start(["python", "main.py"], tmp_path)
    server.line("Application startup complete")
    server.stop()
    loaded = [line.split() for line in server.lines if line.startswith("loaded")]
    names = [name for _, pid, name in loaded if pid == loaded[-1][1]]
    assert names == ["__mp_main__", "main"]


def test_workers_start_each_in_a_process(tmp_path: Path, start: Any) -> None:
    copy("workers_in_code.py", tmp_path, **{"workers=4": "workers=2, port=0"})
    server = start(["python", "main.py"], tmp_path)
    server.line("Application startup complete", 2)
    assert server.count("Started server process") == 2
    assert server.count("Started parent process") == 1
    server.stop()


@pytest.mark.parametrize("option", [", workers=4", ", reload=True", ""])
def test_an_object_with_workers_or_reload_is_refused(
    tmp_path: Path, log: list[str], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    copy("wrong_object_with_workers.py", tmp_path, **{", workers=4": option})
    if not option:
        monkeypatch.setenv("WEB_CONCURRENCY", "2")
    with pytest.raises(SystemExit):
        runpy.run_path(str(tmp_path / "main.py"), run_name="__main__")
    refusal = (
        "WARNING: You must pass the application as an import string "
        "to enable 'reload' or 'workers'."
    )
    assert log[-1] == refusal


def test_workers_are_ignored_beside_reload(log: list[str]) -> None:
    config = uvicorn.Config("main:app", reload=True, workers=2)
    assert config.should_reload
    assert 'WARNING: "workers" flag is ignored when reloading is enabled.' in log


@pytest.mark.since(uvicorn="0.47.0")
def test_without_the_guard_the_import_starts_another_server(
    tmp_path: Path, start: Any
) -> None:
    copy("wrong_without_guard.py", tmp_path)
    server = start(["uvicorn", "main:app", "--port", "1"], tmp_path)
    assert not server.address().endswith(":1")
    server.stop()


def test_uvicorn_run_fails_inside_a_running_loop(tmp_path: Path, start: Any) -> None:
    text = (
        "import asyncio, uvicorn\nasync def main():\n    uvicorn.run(print, port=0)\n"
    )
    (tmp_path / "main.py").write_text(f"{text}asyncio.run(main())\n")
    server = start(["python", "main.py"], tmp_path)
    assert server.end() != 0
    server.line("RuntimeError: .*running")


def test_uvicorn_run_with_reload_starts_inside_a_running_loop(
    project: Path, start: Any
) -> None:
    (project / "run.py").write_text(
        "import asyncio, uvicorn\n"
        "async def main():\n"
        "    uvicorn.run('main:app', port=0, reload=True)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    server = start(["python", "run.py"], project)
    assert server.address()
    server.stop()


def test_server_serve_runs_inside_a_running_loop(tmp_path: Path, start: Any) -> None:
    copy("start_in_a_loop.py", tmp_path)
    server = start(["python", "main.py"], tmp_path)
    assert server.address()
    server.stop()
    assert isinstance(start_in_a_loop.app, FastAPI)


def test_after_sigterm_nothing_runs_after_serve(tmp_path: Path, start: Any) -> None:
    serve = "await uvicorn.Server(config).serve()"
    after = f"try:\n        {serve}\n    finally:\n        print('cleaned up')"
    copy("start_in_a_loop.py", tmp_path, **{serve: after})
    server = start(["python", "main.py"], tmp_path)
    assert server.address()
    assert server.stop() == -signal.SIGTERM
    server.line("Finished server process")
    assert "cleaned up" not in server.lines
    server = start(["python", "main.py"], tmp_path)
    assert server.address()
    server.process.send_signal(signal.SIGINT)
    server.end()
    assert "cleaned up" in server.lines


def test_an_application_has_no_run() -> None:
    application: Any = FastAPI()
    with pytest.raises(AttributeError, match="'FastAPI' object has no attribute 'run'"):
        application.run()


def test_fastapi_dev_sets_an_environment_variable_and_fastapi_run_does_not(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    monkeypatch.setattr(
        fastapi_cli.cli, "_run", lambda **_: seen.append(os.environ.get("FASTAPI_ENV"))
    )
    for command in ("run", "dev"):
        monkeypatch.setenv("FASTAPI_ENV", "x")
        monkeypatch.delenv("FASTAPI_ENV")
        CliRunner().invoke(fastapi_cli.cli.app, [command])
    assert seen == [None, "development"]


def test_a_port_that_is_taken_ends_the_start(project: Path, start: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        server = start(["uvicorn", "main:app", "--port", port], project)
        assert server.end() != 0
        server.line("ERROR: .*address already in use")


def test_without_its_package_the_fastapi_command_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fastapi.cli, "cli_main", None)  # what a failed import leaves
    text = 'To use the fastapi command, please install "fastapi[standard]"'
    with pytest.raises(RuntimeError, match=re.escape(text)):
        fastapi.cli.main()


def test_python_m_fastapi_starts_the_server_too(project: Path, start: Any) -> None:
    server = start(["python", "-m", "fastapi", "dev", "--port", "0"], project)
    assert server.address()
    server.stop()

import asyncio
import json
import logging
import re
import secrets
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from starlette.types import Message
from uvicorn.logging import AccessFormatter
from websockets.sync.client import connect

from snippets.logging_and_settings.access_log import (
    access_log,
    access_middleware,
    json_lines,
    without_query,
    wrong_health_filter,
    wrong_token_in_query,
)

HERE = Path(__file__).parent
UVICORN = ("-m", "uvicorn", "main:app", "--port", "{port}")
FACTORY = ("-m", "uvicorn", "main:main", "--factory", "--port", "{port}")
HERE_AND_PORT = ("--host", "127.0.0.1", "--port", "{port}")
RUN = ("-m", "fastapi", "run", "main.py", *HERE_AND_PORT)
ENTRYPOINT = ("-m", "fastapi", "run", "--entrypoint", "main:app", *HERE_AND_PORT)
TIME = r"^[\d-]+ [\d:,]+ "
OWN = "INFO:     127.0.0.1:52114 - "  # the format of Uvicorn itself


def of(text: str, sign: str = "GET") -> str:
    """Return the lines of requests, with the time and the client's port of the page."""
    text = re.sub(TIME, "2026-11-29 12:00:00,000 ", text, flags=re.M)
    text = re.sub(r"127.0.0.1:\d+", "127.0.0.1:52114", text)
    return "".join(f"{line}\n" for line in text.splitlines() if sign in line)


# --- The format


@pytest.mark.parametrize("command", [UVICORN, RUN], ids=["uvicorn", "fastapi run"])
def test_the_format_of_the_page_holds_and_health_checks_are_left_out(
    start: Any, recorded: Any, command: tuple[str, ...]
) -> None:
    server = start("access_log.py", *command)
    for path in ("/health", "/health?from=kubelet", "/items/7?q=tea", "/orders"):
        server.get(path)
    recorded("access_log.txt", of(server.stop()))


def test_a_file_for_log_config_does_the_same(start: Any, tmp_path: Path) -> None:
    shutil.copy(HERE / "log.yaml", tmp_path / "log.yaml")
    assert "uvicorn main:app --log-config log.yaml" in (HERE / "start.sh").read_text()
    server = start("without_query.py", *UVICORN, "--log-config", "log.yaml")
    server.get("/items/7")
    text = server.stop()
    line = '2026-11-29 12:00:00,000 127.0.0.1:52114 "GET /items/7 HTTP/1.1" 404 Not Found\n'
    assert of(text) == line
    assert re.search(TIME + "INFO uvicorn.error: Started server", text, re.M)


def test_json_lines_and_the_lines_of_websockets_which_are_not_of_the_access_log(
    start: Any, recorded: Any
) -> None:
    server = start("json_lines.py", *FACTORY)
    server.get("/items/7?q=%0Atea")
    with connect(f"ws://127.0.0.1:{server.port}/ws?token=1") as websocket:
        list(websocket)
    text = of(server.stop(), "127.0.0.1")
    (line,) = [line for line in text.splitlines() if line.startswith("{")]
    time = json.loads(line)["time"]
    assert re.fullmatch(r"[\d-]+T[\d:.]+\+00:00", time)
    recorded("json.txt", line.replace(time, "2026-11-29T12:00:00.123456+00:00"))
    assert re.search(r'^INFO: .*"WebSocket /ws\?token=1" \[accepted\]', text, re.M)
    assert set(json_lines.FORMATTERS) == {"access"}


def test_gunicorn_has_a_format_that_its_uvicorn_workers_do_not_use(start: Any) -> None:
    options = ("--access-logfile", "-", "--access-logformat", "asked for %(s)s")
    bind = ("-b", "127.0.0.1:{port}", "-k", "uvicorn_worker.UvicornWorker")
    server = start("without_query.py", "-m", "gunicorn", "main:app", *bind, *options)
    server.get("/items/7")
    text = of(server.stop())
    assert text == '127.0.0.1:52114 - "GET /items/7 HTTP/1.1" 404\n'


def test_changed_defaults_come_too_late_for_the_command_and_in_time_for_uvicorn_run(
    start: Any,
) -> None:
    server = start("wrong_logging_config.py", *UVICORN)
    server.get("/items/7")
    line = '"GET /items/7 HTTP/1.1" 404'
    assert of(server.stop()) == f"{OWN}{line} Not Found\n"
    script = "import uvicorn; from main import app; uvicorn.run(app, port={port})"
    server = start("wrong_logging_config.py", "-c", script)
    server.get("/items/7")
    said = of(server.stop())
    assert said == f"2026-11-29 12:00:00,000 127.0.0.1:52114 - {line}\n"


def test_no_access_log_is_undone_by_a_configuration_of_the_application(
    start: Any,
) -> None:
    counts = []
    for snippet in ("without_query.py", "access_log.py", "../logging/own_lines.py"):
        server = start(snippet, *UVICORN, "--no-access-log")
        server.get("/items/7")
        counts.append(of(server.stop()).count("GET"))
    assert counts == [0, 1, 1]


def test_the_path_begins_with_the_root_path_and_the_query_is_as_it_was_sent(
    start: Any,
) -> None:
    server = start("access_log.py", *UVICORN, "--root-path", "/api")
    assert server.get("/health").status_code == 200
    request = b'GET /items/7?q="tea" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(request)
        while client.recv(4096):
            pass
    said = of(server.stop())
    assert '"GET /api/health HTTP/1.1" 200 OK' in said
    assert '"GET /api/items/7?q="tea" HTTP/1.1" 200 OK' in said


@pytest.mark.parametrize(
    "command",
    [UVICORN, RUN, ENTRYPOINT],
    ids=["uvicorn", "fastapi run", "fastapi run with an entrypoint"],
)
def test_fastapi_run_of_a_file_imports_the_module_before_uvicorn_configures(
    start: Any, command: tuple[str, ...]
) -> None:
    server = start("wrong_at_import.py", *command)
    server.get("/items/7")
    line = f'{OWN}"GET /items/7 HTTP/1.1" 404 Not Found\n'
    assert of(server.stop()) == (line if command == RUN else "")


def test_the_level_of_the_logger_turns_it_off(start: Any) -> None:
    server = start("turned_off.py", *RUN)
    assert server.get("/items/7").status_code == 404
    text = server.stop()
    assert "GET" not in text
    assert "Application startup complete." in text


def test_the_formatter_knows_the_prefix_of_uvicorn_too() -> None:
    names = "%(levelprefix)s %(client_addr)s %(request_line)s %(status_code)s"
    said = AccessFormatter(names, use_colors=False).format(record("/tea"))
    assert said == "INFO:     127.0.0.1:52114 GET /tea HTTP/1.1 200 OK"


# --- Filters


def record(path: str, client: str = "127.0.0.1:52114") -> logging.LogRecord:
    args = (client, "GET", path, "1.1", 200)
    form = '%s - "%s %s HTTP/%s" %d'
    return logging.LogRecord("uvicorn.access", 20, "", 0, form, args, None)


def test_a_search_for_the_text_hides_requests_that_the_filter_of_the_page_keeps() -> (
    None
):
    hidden = {"/healthcare/7", "/admin?x=/health", "/health/../admin"}
    wrong, right = wrong_health_filter.NoHealthChecks(), access_log.NoHealthChecks()
    assert not any(wrong.filter(record(path)) for path in hidden)
    assert all(right.filter(record(path)) for path in hidden)
    assert not right.filter(record("/health"))
    other = logging.LogRecord("other", 20, "", 0, "no arguments", None, None)
    assert right.filter(other)


def test_the_query_is_in_the_line_until_a_filter_takes_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = secrets.token_hex()
    monkeypatch.setattr(wrong_token_in_query, "DOWNLOAD_TOKEN", secret)
    path = f"/download?token={secret}"
    assert TestClient(wrong_token_in_query.app).get(path).status_code == 200
    assert (
        TestClient(wrong_token_in_query.app).get("/download?token=\u00e9").status_code
        == 403
    )
    line = record(path)
    assert secret in line.getMessage()
    assert without_query.NoQuery().filter(line)
    assert line.getMessage() == '127.0.0.1:52114 - "GET /download HTTP/1.1" 200'


# --- The middleware

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    caplog.set_level("INFO", "shop.access")
    names = ("shop.access",)
    return lambda: [
        json.loads(one.getMessage()) for one in caplog.records if one.name in names
    ]


def test_the_middleware_logs_status_endpoint_and_time(
    lines: Lines, recorded: Any
) -> None:
    client = TestClient(access_middleware.app, raise_server_exceptions=False)
    for path in ("/items/3", "/items/0", "/items/tea", "/none%0A"):
        client.get(path)
    said = lines()
    assert [one["status"] for one in said] == [200, 500, 422, 404]
    assert said[3]["path"] == "/none\n"
    assert [one["endpoint"] for one in said] == ["read_item"] * 3 + [None]
    assert all(one["seconds"] >= 0 for one in said)
    recorded("middleware.txt", json.dumps(said[0] | {"seconds": 0.004}))


def test_an_unhandled_exception_is_a_500_that_is_not_complete(lines: Lines) -> None:
    application = FastAPI()
    application.add_middleware(access_middleware.AccessLog)

    @application.get("/")
    async def fail() -> None:
        raise ZeroDivisionError

    @application.exception_handler(Exception)
    async def unavailable(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("later", 503)

    client = TestClient(application, raise_server_exceptions=False)
    assert client.get("/").status_code == 503
    assert (lines()[0]["status"], lines()[0]["complete"]) == (500, False)


def test_an_exception_after_the_response_leaves_its_status(lines: Lines) -> None:
    application = FastAPI()
    application.add_middleware(access_middleware.AccessLog)

    def fail() -> None:
        raise ZeroDivisionError

    @application.get("/")
    async def begin(tasks: BackgroundTasks) -> None:
        tasks.add_task(fail)

    client = TestClient(application, raise_server_exceptions=False)
    assert client.get("/").status_code == 200
    assert (lines()[0]["status"], lines()[0]["complete"]) == (200, True)


def test_the_line_is_written_after_the_background_tasks(lines: Lines) -> None:
    application = FastAPI()
    application.add_middleware(access_middleware.AccessLog)
    before: list[int] = []

    @application.get("/")
    async def begin(tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: before.append(len(lines())))

    assert TestClient(application).get("/").status_code == 200
    assert (before, len(lines())) == ([0], 1)


def test_behind_function_middleware_a_stream_that_fails_is_complete(
    lines: Lines,
) -> None:
    app = FastAPI()
    app.get("/report")(access_middleware.report)

    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(access_middleware.AccessLog)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/report").text == "begun"
    assert (lines()[0]["status"], lines()[0]["complete"]) == (200, True)


def test_a_response_that_breaks_off_is_a_200_that_is_not_complete(lines: Lines) -> None:
    client = TestClient(access_middleware.app, raise_server_exceptions=False)
    client.get("/report")
    assert (lines()[0]["status"], lines()[0]["complete"]) == (200, False)


LEFT = """
import asyncio, logging, uvicorn
from fastapi import Request
from main import app

@app.get("/left")
async def left(request: Request) -> str:
    print("begun")
    while not await request.is_disconnected():
        await asyncio.sleep(0)
    return "too late"

logging.basicConfig(level="INFO")
uvicorn.run(app, port={port})
"""


def test_a_request_whose_client_left_is_in_the_lines_of_the_middleware_alone(
    start: Any,
) -> None:
    server = start("access_middleware.py", "-c", LEFT)
    server.wait_for("Uvicorn running")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
        server.wait_for("begun")
    line = json.loads(server.wait_for(r"shop.access:(.*)$")[1])
    assert (line["path"], line["status"], line["complete"]) == ("/left", 200, True)
    assert "HTTP/1.1" not in server.stop()


def test_a_cancelled_request_has_its_line(lines: Lines) -> None:
    async def scene() -> None:
        begun = asyncio.Event()

        async def waits(scope: Any, receive: Any, send: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        app = access_middleware.AccessLog(waits)
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            task = asyncio.create_task(client.get("/slow"))
            await begun.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scene())
    (line,) = lines()
    assert line["path"] == "/slow"
    assert (line["status"], line["complete"]) == (500, False)


def test_websockets_and_the_lifespan_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*message: Message) -> Any:
        raise AssertionError

    middleware = access_middleware.AccessLog(app)
    for kind in ("websocket", "lifespan"):
        asyncio.run(middleware({"type": kind}, nothing, nothing))
    assert seen == ["websocket", "lifespan"]

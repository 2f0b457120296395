import asyncio
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.request import urlopen

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.applications import Starlette

from snippets.structure_and_start.lifespan import (
    everything_in_lifespan,
    mounted,
    one_client,
    several_resources,
    wrong_mounted,
    wrong_on_startup,
    wrong_without_finally,
)

FOLDER = Path(__file__).parent
UVICORN = ["uvicorn", "main:app", "--port", "0"]
DEPRECATED = "on_event is deprecated"
Output = pytest.CaptureFixture[str]


def lifespan_of(events: list[str], name: str, **state: Any) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        events.append(f"{name} starts")
        yield state
        events.append(f"{name} ends")

    return lifespan


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(FOLDER / "one_client.py", tmp_path / "main.py")
    return tmp_path


def test_requests_share_the_cookies_of_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def other_service(request: httpx2.Request) -> httpx2.Response:
        sent = request.headers.get("Cookie", "")
        return httpx2.Response(200, headers={"Set-Cookie": "user=ann"}, text=sent)

    def connected(timeout: int) -> httpx2.AsyncClient:
        transport = httpx2.MockTransport(other_service)
        return httpx2.AsyncClient(timeout=timeout, transport=transport)

    monkeypatch.setattr(one_client, "AsyncClient", connected)
    app = FastAPI(lifespan=one_client.lifespan)

    @app.get("/")
    async def call(
        client: Annotated[httpx2.AsyncClient, Depends(one_client.get_client)],
    ) -> str:
        return (await client.get("http://other.test/")).text

    with TestClient(app) as caller:
        assert [caller.get("/").json() for _ in range(2)] == ["", "user=ann"]


def test_the_program_of_the_page_runs_both_ends_around_the_requests(
    project: Path, start: Any, recorded: Any
) -> None:
    server = start(UVICORN, project)
    with urlopen(f"{server.address()}/client", timeout=30) as response:
        assert response.read() == b'{"closed":false}'
    server.stop()
    log = "\n".join(server.lines)
    log = re.sub(r"process \[\d+\]", "process [4242]", log)
    log = re.sub(r"127\.0\.0\.1:\d+ -", "127.0.0.1:52114 -", log)
    recorded("uvicorn.txt", re.sub(r"(http://127\.0\.0\.1):\d+", r"\1:8000", log))
    lines = server.lines
    assert lines.index("startup") < lines.index("shutdown: the client is closed")


def test_the_client_is_closed_after_shutdown(capsys: Output) -> None:
    with TestClient(one_client.app) as client:
        assert client.get("/client").json() == {"closed": False}
        assert capsys.readouterr().out == "startup\n"
    assert capsys.readouterr().out == "shutdown: the client is closed\n"


def test_a_reload_runs_shutdown_and_startup_again(project: Path, start: Any) -> None:
    server = start([*UVICORN, "--reload"], project)
    server.address()
    with (project / "main.py").open("a") as file:
        file.write("# a change\n")
    server.line("^shutdown")
    server.line("^startup", 2)
    server.line("Application startup complete", 2)
    server.stop()
    assert server.count("^shutdown") == server.count("^startup") == 2


def test_after_a_reload_the_port_is_open_before_the_startup_ends(
    project: Path, start: Any
) -> None:
    server = start([*UVICORN, "--reload"], project)
    port = int(server.address().rpartition(":")[2])
    text = (project / "main.py").read_text()
    waiting = 'print("startup again")\n    await asyncio.Event().wait()'
    text = text.replace('print("startup")', waiting)
    (project / "main.py").write_text(f"import asyncio\n{text}")
    server.line("startup again")
    with socket.create_connection(("127.0.0.1", port)) as client:
        assert client.getpeername()[1] == port
    assert server.count("Application startup complete") == 1


def test_each_worker_runs_it(project: Path, start: Any) -> None:
    text = (project / "main.py").read_text()  # a whole line with one write
    text = text.replace('print("startup")', r'print("opened\n", end="")')
    closed = 'print("shutdown: the client is closed")'
    (project / "main.py").write_text(text.replace(closed, r'print("closed\n", end="")'))
    server = start([*UVICORN, "--workers", "2"], project)
    server.line("Application startup complete", 2)
    assert server.count("opened") == 2
    server.stop()
    assert server.count("closed") == 2


def test_an_error_at_startup_ends_the_server(project: Path, start: Any) -> None:
    text = (project / "main.py").read_text()
    failing = text.replace('print("startup")', 'raise ConnectionError("no database")')
    (project / "main.py").write_text(failing)
    server = start(UVICORN, project)
    assert server.end() == 3
    server.line("ConnectionError: no database")
    server.line("Application startup failed. Exiting.")


@pytest.mark.since(uvicorn="0.50.0")
def test_with_workers_an_error_at_startup_ends_the_server_with_0(
    project: Path, start: Any
) -> None:
    text = (project / "main.py").read_text()
    failing = text.replace('print("startup")', 'raise ConnectionError("no database")')
    (project / "main.py").write_text(failing)
    server = start([*UVICORN, "--workers", "2"], project)
    assert server.end() == 0
    server.line("Application startup failed. Exiting.")


def test_under_reload_the_server_waits_for_the_repair(
    project: Path, start: Any
) -> None:
    text = (project / "main.py").read_text()
    failing = text.replace('print("startup")', 'raise ConnectionError("no database")')
    (project / "main.py").write_text(failing)
    server = start([*UVICORN, "--reload"], project)
    server.line("Application startup failed. Exiting.")
    (project / "main.py").write_text(text)
    server.line("Application startup complete")
    server.stop()
    assert server.count("Application startup failed") == 1


WAITS = """
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    try:
        yield
        print("after yield")
    finally:
        print("in finally")

app = FastAPI(lifespan=lifespan)

@app.get("/")
async def waits() -> None:
    print("a request waits")
    await asyncio.Event().wait()
"""


def test_a_second_ctrl_c_cancels_the_lifespan(project: Path, start: Any) -> None:
    (project / "main.py").write_text(WAITS)
    server = start(UVICORN, project)
    port = int(server.address().rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        server.line("a request waits")
        server.process.send_signal(signal.SIGINT)
        server.line("Waiting for connections to close")
        server.process.send_signal(signal.SIGINT)
        server.end()
    assert (server.count("in finally"), server.count("after yield")) == (1, 0)


def test_several_resources_close_in_reverse_order(capsys: Output) -> None:
    with TestClient(several_resources.app) as client:
        assert client.get("/").json() == ["database", "cache"]
    assert capsys.readouterr().out.splitlines() == [
        "open database",
        "open cache",
        "close cache",
        "close database",
    ]


def test_what_is_open_is_closed_when_the_next_does_not_open(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    connection = several_resources.connection

    @asynccontextmanager
    async def failing(name: str) -> AsyncIterator[str]:
        if name == "cache":
            raise ConnectionError(name)
        async with connection(name) as opened:
            yield opened

    monkeypatch.setattr(several_resources, "connection", failing)
    with pytest.raises(ConnectionError), TestClient(several_resources.app):
        pytest.fail("the application started")
    out = capsys.readouterr().out.splitlines()
    assert out == ["open database", "close database"]


def test_lines_after_a_bare_yield_are_skipped_when_the_startup_fails() -> None:
    wrong_without_finally.events.clear()
    with pytest.raises(ConnectionError), TestClient(wrong_without_finally.app):
        pytest.fail("the application started")
    assert wrong_without_finally.events == []


def test_lines_after_a_bare_yield_are_skipped_when_the_first_close_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def connect(name: str) -> str:
        return name

    closed: list[str] = []

    async def close(name: str) -> None:
        closed.append(name)
        raise ConnectionError(name)

    monkeypatch.setattr(wrong_without_finally, "connect", connect)
    monkeypatch.setattr(wrong_without_finally, "close", close)
    with pytest.raises(ConnectionError), TestClient(wrong_without_finally.app):
        pass
    assert closed == ["cache"]


def test_request_state_is_a_copy_for_each_request() -> None:
    application = FastAPI(lifespan=lifespan_of([], "main", number=1, shared=[]))

    @application.get("/")
    async def read(request: Request) -> list[int]:
        request.state.number += 1
        request.state.shared.append(0)
        return [request.state.number, len(request.state.shared)]

    with TestClient(application) as client:
        assert client.get("/").json() == [2, 1]
        assert client.get("/").json() == [2, 2]


def test_a_lifespan_gets_no_dependencies() -> None:
    seen: list[Any] = []

    def get_settings() -> str:
        return "settings"

    @asynccontextmanager
    async def lifespan(
        app: FastAPI, settings: Annotated[str, Depends(get_settings)] = "default"
    ) -> AsyncIterator[None]:
        seen.append(settings)
        yield

    with TestClient(FastAPI(lifespan=lifespan)):
        assert seen == ["default"]


def test_no_request_is_served_before_the_startup_is_done(serve: Any) -> None:
    order: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for _ in range(100):
            await asyncio.sleep(0)
        order.append("started")
        yield

    application = FastAPI(lifespan=lifespan)

    @application.get("/")
    async def read() -> None:
        order.append("request")

    with serve(application) as (address, _):
        urlopen(address, timeout=30).close()
    assert order == ["started", "request"]


def test_on_event_works_with_a_warning_and_is_ignored_beside_a_lifespan() -> None:
    events: list[str] = []
    application: Any = FastAPI()
    with pytest.warns(DeprecationWarning, match=DEPRECATED):
        application.on_event("startup")(lambda: events.append("on_event"))
    with TestClient(application):
        assert events == ["on_event"]
    events.clear()
    application = FastAPI(lifespan=lifespan_of([], "main"))
    with pytest.warns(DeprecationWarning, match=DEPRECATED):
        application.on_event("startup")(lambda: events.append("on_event"))
    with TestClient(application):
        assert events == []


def test_the_command_does_not_show_the_warning(project: Path, start: Any) -> None:
    (project / "main.py").write_text(
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.on_event("startup")\ndef begin() -> None:\n    print("begun")\n'
    )
    server = start(UVICORN, project, PYTHONWARNINGS="")
    server.address()
    server.stop()
    assert (server.count("^begun"), server.count("deprecated")) == (1, 0)


def test_what_on_event_did_belongs_into_the_lifespan() -> None:
    everything_in_lifespan.events.clear()
    with TestClient(everything_in_lifespan.app):
        assert everything_in_lifespan.events == ["prices"]


def test_on_startup_and_on_shutdown_run_without_a_warning_and_not_beside_a_lifespan(
    recwarn: pytest.WarningsRecorder,
) -> None:
    events: list[str] = []
    hooks: dict[str, Any] = {
        "on_startup": [lambda: events.append("up")],
        "on_shutdown": [lambda: events.append("down")],
    }
    with TestClient(FastAPI(**hooks)):
        assert events == ["up"]
    assert events == ["up", "down"]
    wrong_on_startup.events.clear()
    with TestClient(wrong_on_startup.app):
        assert wrong_on_startup.events == []
    assert [
        warning for warning in recwarn if "deprecated" in str(warning.message)
    ] == []


def test_the_application_has_no_add_event_handler_and_its_router_has() -> None:
    events: list[str] = []
    application: Any = FastAPI()
    missing = "'FastAPI' object has no attribute 'add_event_handler'"
    with pytest.raises(AttributeError, match=missing):
        application.add_event_handler("startup", print)
    application.router.add_event_handler("startup", lambda: events.append("up"))
    with TestClient(application):
        assert events == ["up"]
    application = FastAPI(lifespan=lifespan_of([], "main"))
    application.router.add_event_handler("startup", lambda: events.append("beside"))
    with TestClient(application):
        assert events == ["up"]


@pytest.mark.parametrize("way", ["on_startup", "on_event"])
def test_startup_handlers_of_a_router_run_beside_a_lifespan_and_else_twice(
    way: str,
) -> None:
    events: list[str] = []
    hooks: dict[str, Any] = {"on_startup": [lambda: events.append("up")]}
    router: Any = APIRouter(**(hooks if way == "on_startup" else {}))
    if way == "on_event":
        with pytest.warns(DeprecationWarning, match=DEPRECATED):
            router.on_event("startup")(lambda: events.append("up"))
    application = FastAPI(lifespan=lifespan_of([], "main"))
    application.include_router(router)
    with TestClient(application):
        assert events == ["up"]
    events.clear()
    application = FastAPI()
    application.include_router(router)
    with TestClient(application):
        assert events == ["up", "up"]


def test_a_router_that_is_included_twice_runs_its_lifespan_twice() -> None:
    events: list[str] = []
    router = APIRouter(lifespan=lifespan_of(events, "router"))
    application = FastAPI()
    application.include_router(router, prefix="/v1")
    application.include_router(router, prefix="/v2")
    with TestClient(application):
        assert events == ["router starts", "router starts"]


def test_starlette_has_neither() -> None:
    assert not hasattr(Starlette(), "on_event")
    assert not hasattr(Starlette(), "add_event_handler")


def test_a_mounted_application_starts_only_by_the_outer_lifespan() -> None:
    with TestClient(wrong_mounted.app) as client:
        assert client.get("/reports/").json() is False
    with TestClient(mounted.app) as client:
        assert client.get("/reports/").json() is True
    assert mounted.reports.state.ready is False


def test_what_a_mounted_lifespan_yields_has_to_be_yielded_by_the_outer_one() -> None:
    inner = FastAPI(lifespan=lifespan_of([], "inner", answer=42))

    @inner.get("/")
    async def read(request: Request) -> int | None:
        return getattr(request.state, "answer", None)

    def outer(hand_on: bool) -> FastAPI:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
            async with inner.router.lifespan_context(inner) as state:
                yield dict(state or {}) if hand_on else {}

        application = FastAPI(lifespan=lifespan)
        application.mount("/inner", inner)
        return application

    with TestClient(outer(hand_on=True)) as client:
        assert client.get("/inner/").json() == 42
    with TestClient(outer(hand_on=False)) as client:
        assert client.get("/inner/").json() is None


def test_the_lifespan_of_an_included_router_runs_inside_that_of_the_application() -> (
    None
):
    events: list[str] = []
    router = APIRouter(lifespan=lifespan_of(events, "router", inner=1))

    @router.get("/")
    async def read(request: Request) -> list[int]:
        return [request.state.outer, request.state.inner]

    application = FastAPI(lifespan=lifespan_of(events, "app", outer=2))
    application.include_router(router)
    with TestClient(application) as client:
        assert client.get("/").json() == [2, 1]
    assert events == ["app starts", "router starts", "router ends", "app ends"]

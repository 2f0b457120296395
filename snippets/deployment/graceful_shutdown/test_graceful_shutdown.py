import asyncio
import inspect
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fastapi_cli.cli
import pytest
import uvicorn
from fastapi import BackgroundTasks, FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from httpx2 import AsyncClient, ConnectError, RemoteProtocolError, Response
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from snippets.deployment.graceful_shutdown import (
    bounded_exit,
    shutdown_order,
    stream_that_ends,
    wrong_unbounded_exit,
)

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30.0  # how long right code may take on a busy machine


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Running:
    """A Uvicorn server on the test's own event loop."""

    def __init__(self, app: FastAPI, limit: float | None) -> None:
        config = uvicorn.Config(app, port=0, log_config=None)
        config.timeout_graceful_shutdown = limit  # type: ignore[assignment]
        self.server = uvicorn.Server(config)
        self.task = asyncio.create_task(self.server.serve())

    @property
    def url(self) -> str:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"


def run(
    app: FastAPI,
    scene: Callable[[Running, AsyncClient], Awaitable[Any]],
    limit: float | None = None,
) -> Any:
    """Start a server for ``app``, play ``scene``, and wait for the server's end."""

    async def main() -> Any:
        running = Running(app, limit)
        await until(lambda: running.server.started)
        async with AsyncClient(timeout=PATIENCE) as http, asyncio.timeout(PATIENCE):
            result = await scene(running, http)
            await running.task
        return result

    return asyncio.run(main())


def stop_during_an_order(
    monkeypatch: pytest.MonkeyPatch, limit: float | None
) -> tuple[list[str], Response]:
    working, release = asyncio.Event(), asyncio.Event()
    events: list[str] = []
    monkeypatch.setattr(shutdown_order, "print", events.append, raising=False)

    async def supplier() -> None:
        working.set()
        await release.wait()

    monkeypatch.setattr(shutdown_order, "supplier", supplier)
    refused = asyncio.Event()

    async def wait_for(task: Any, **options: Any) -> Any:
        await refused.wait()  # the limit begins when the scene below is that far
        return await asyncio.wait_for(task, **options)

    gated = SimpleNamespace(**(vars(asyncio) | {"wait_for": wait_for}))
    monkeypatch.setattr("uvicorn.server.asyncio", gated)

    async def scene(running: Running, http: AsyncClient) -> Response:
        url = running.url
        order = asyncio.create_task(http.post(f"{url}/orders"))
        await working.wait()
        events.append("SIGTERM")
        running.server.should_exit = True  # what the handler of SIGTERM does
        await until(lambda: not running.server.servers[0].sockets)
        with pytest.raises(ConnectError):
            async with AsyncClient() as other:
                await other.get(url)
        events.append("new connection: refused")
        refused.set()
        if limit is None:
            release.set()
        return await order

    return events, run(shutdown_order.app, scene, limit)


def report(events: list[str], response: Response) -> str:
    return "\n".join([*events, f"client: {response.status_code} {response.text}"])


def test_without_a_limit_the_running_request_and_its_background_task_finish(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    events, response = stop_during_an_order(monkeypatch, limit=None)
    recorded("without_limit.txt", report(events, response))


def test_at_the_limit_the_endpoint_is_cancelled_and_the_client_gets_500(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    events, response = stop_during_an_order(monkeypatch, limit=0.01)
    recorded("at_the_limit.txt", report(events, response))


def test_there_is_no_limit_by_default() -> None:
    assert uvicorn.Config(FastAPI()).timeout_graceful_shutdown is None


def test_at_the_limit_a_background_task_is_cancelled_too() -> None:
    working = asyncio.Event()
    seen: list[str] = []
    app = FastAPI()

    async def task() -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    @app.get("/")
    async def start(tasks: BackgroundTasks) -> None:
        tasks.add_task(task)

    async def scene(running: Running, http: AsyncClient) -> int:
        response = await http.get(running.url)
        await working.wait()
        running.server.should_exit = True
        return response.status_code

    assert run(app, scene, limit=0.1) == 200
    assert seen == ["cancelled"]


def test_at_the_limit_a_response_that_has_begun_is_cut_off() -> None:
    app = FastAPI()

    async def endless() -> AsyncIterator[bytes]:
        yield b"begun"
        await asyncio.Event().wait()

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(endless())

    async def scene(running: Running, http: AsyncClient) -> list[bytes]:
        received: list[bytes] = []

        async def read(response: Response) -> None:
            async for chunk in response.aiter_bytes():
                received.append(chunk)
                running.server.should_exit = True

        async with http.stream("GET", running.url) as response:
            with pytest.raises(RemoteProtocolError, match="incomplete"):
                await read(response)
        return received

    assert run(app, scene, limit=0.1) == [b"begun"]


def test_lifespan_shutdown_does_not_wait_for_the_clean_up_of_a_cancelled_request() -> (
    None
):
    working, closed = asyncio.Event(), asyncio.Event()
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        seen.append("lifespan: shutdown")
        closed.set()

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def slow() -> None:
        try:
            working.set()
            await asyncio.Event().wait()
        finally:
            await closed.wait()  # clean-up that takes a while
            seen.append("endpoint: cleaned up")

    async def scene(running: Running, http: AsyncClient) -> int:
        request = asyncio.create_task(http.get(running.url))
        await working.wait()
        running.server.should_exit = True
        return (await request).status_code

    assert run(app, scene, limit=0.1) == 500
    assert seen == ["lifespan: shutdown", "endpoint: cleaned up"]


def test_a_def_endpoint_goes_on_in_its_thread_after_the_client_got_500() -> None:
    working, release = threading.Event(), threading.Event()
    finished = threading.Event()
    app = FastAPI()

    @app.get("/")
    def slow() -> None:
        working.set()
        release.wait(PATIENCE)
        finished.set()

    async def scene(running: Running, http: AsyncClient) -> int:
        request = asyncio.create_task(http.get(running.url))
        await until(working.is_set)
        running.server.should_exit = True
        status = (await request).status_code
        assert not finished.is_set()
        await running.task
        assert not finished.is_set()
        release.set()
        return status

    try:
        assert run(app, scene, limit=0.1) == 500
    finally:
        release.set()
    assert finished.wait(PATIENCE)


def test_except_exception_does_not_catch_the_cancellation() -> None:
    assert not issubclass(asyncio.CancelledError, Exception)


# --- The exit code of the lifespan


def exit_of(module: Any, caplog: pytest.LogCaptureFixture) -> bool:
    """Stop the server with a job that nobody does; tell whether it ends by itself."""

    async def main() -> bool:
        module.queue = asyncio.Queue()
        running = Running(module.app, limit=0.1)
        await until(lambda: running.server.started)
        async with AsyncClient() as http:
            await http.post(f"{running.url}/jobs", params={"name": "mail"})
        running.server.should_exit = True
        await until(lambda: "Waiting for application shutdown." in caplog.messages)
        ended, _ = await asyncio.wait([running.task], timeout=0.2)
        module.queue.task_done()  # what a worker does
        await running.task
        return bool(ended)

    return asyncio.run(main())


def test_uvicorns_limit_does_not_bound_the_exit_code_of_the_lifespan(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    assert exit_of(wrong_unbounded_exit, caplog) is False


def test_a_timeout_in_the_exit_code_lets_the_server_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    quick = SimpleNamespace(timeout=lambda seconds: asyncio.timeout(0))
    monkeypatch.setattr(bounded_exit, "asyncio", quick)
    queue = asyncio.Queue

    async def main() -> None:
        monkeypatch.setattr(bounded_exit, "queue", queue())
        running = Running(bounded_exit.app, limit=0.1)
        await until(lambda: running.server.started)
        async with AsyncClient() as http:
            await http.post(f"{running.url}/jobs", params={"name": "mail"})
        running.server.should_exit = True
        async with asyncio.timeout(PATIENCE):
            await running.task

    asyncio.run(main())
    assert "queue.join() took too long" in caplog.messages


# --- Real processes and real signals


class Process:
    """`uvicorn module:app` as a process of its own."""

    def __init__(
        self,
        log: Path,
        app: str,
        *options: str,
        cwd: Path = ROOT,
        inside: Sequence[str] = (),
        start_new_session: bool = False,
    ) -> None:
        self.log = log
        command = [sys.executable, "-m", "uvicorn", app, "--port", "0", *options]
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [*inside, *command],
                cwd=cwd,
                stdout=file,
                stderr=file,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=start_new_session,
            )
        self.port = int(self.wait_for(r"running on http://[\d.]+:(\d+)"))

    def wait_for(self, pattern: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log.read_text()):
                return match[match.lastindex or 0]
            time.sleep(0.01)
        raise AssertionError(f"{pattern} is not in: {self.log.read_text()}")

    def get(self, path: str) -> socket.socket:
        """Send a request and leave the connection open."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        return sock

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = PATIENCE) -> int | None:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    started: list[Process] = []

    def begin(app: str, *options: str, **settings: Any) -> Process:
        started.append(Process(tmp_path / "log.txt", app, *options, **settings))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.wait()


HERE = "snippets.deployment.graceful_shutdown"


@pytest.mark.since(uvicorn="0.45.0")
def test_an_endless_stream_keeps_the_server_alive_until_a_second_signal_sigint(
    start: Any,
) -> None:
    server = start(f"{HERE}.wrong_endless_stream:app")
    with server.get("/ticks"):
        server.wait_for("GET /ticks")
        server.signal(signal.SIGTERM)
        server.wait_for("Waiting for connections to close")
        server.signal(signal.SIGTERM)  # a second SIGTERM changes nothing
        assert server.ended(0.5) is None
        server.signal(signal.SIGINT)
        assert server.ended() is not None
    assert "Waiting for application shutdown" not in server.log.read_text()


@pytest.mark.since(uvicorn="0.45.0")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_second_ctrl_c_waits_for_open_connections_without_uvloop_from_3_12_on(
    start: Any, loop: str
) -> None:
    limit = ["--timeout-graceful-shutdown", "3"]
    server = start(f"{HERE}.wrong_endless_stream:app", "--loop", loop, *limit)
    with server.get("/ticks"):
        server.wait_for("GET /ticks")
        server.signal(signal.SIGINT)
        server.wait_for("Waiting for connections to close")
        server.signal(signal.SIGINT)
        assert server.ended() is not None
    log = server.log.read_text()
    waits = loop == "asyncio" and sys.version_info >= (3, 12)
    assert ("timeout graceful shutdown exceeded" in log) is waits
    assert "Waiting for application shutdown" not in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_that_knows_of_the_signal_ends_and_the_server_with_it(
    start: Any, number: signal.Signals
) -> None:
    server = start(f"{HERE}.stream_that_ends:app")
    with server.get("/ticks") as client:
        server.wait_for("GET /ticks")
        server.signal(number)
        code = server.ended()
        assert code == (-signal.SIGTERM if number == signal.SIGTERM else 0)
        received = b"".join(iter(lambda: client.recv(4096), b""))
    assert received.endswith(b"0\r\n\r\n")  # the last chunk: a complete response
    assert "Application shutdown complete." in server.log.read_text()


def test_with_workers_the_parent_ends_each_worker_and_then_with_0(start: Any) -> None:
    server = start(f"{HERE}.shutdown_order:app", "--workers", "2")
    server.wait_for(r"startup complete[\s\S]*startup complete")
    server.signal(signal.SIGTERM)
    assert server.ended() == 0
    log = server.log.read_text()
    assert log.count("Application shutdown complete.") == 2


@pytest.mark.since(uvicorn="0.45.0")
def test_with_workers_a_sigint_to_the_parent_alone_does_not_end_the_waiting(
    start: Any,
) -> None:
    server = start(
        f"{HERE}.wrong_endless_stream:app", "--workers", "2", start_new_session=True
    )
    server.wait_for(r"startup complete[\s\S]*startup complete")
    with server.get("/ticks"):
        server.wait_for("GET /ticks")
        server.signal(signal.SIGTERM)
        server.wait_for("Waiting for connections to close")
        server.signal(signal.SIGINT)
        assert server.ended(0.5) is None
        os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does
        assert server.ended() is not None
    log = server.log.read_text()
    assert log.count("Waiting for application shutdown") == 1  # the idle worker's


@pytest.mark.since(uvicorn="0.45.0")
def test_with_workers_a_new_connection_during_the_stop_waits_and_is_reset(
    start: Any,
) -> None:
    server = start(
        f"{HERE}.wrong_endless_stream:app", "--workers", "2", start_new_session=True
    )
    server.wait_for(r"startup complete[\s\S]*startup complete")
    with server.get("/ticks"):
        server.wait_for("GET /ticks")
        server.signal(signal.SIGTERM)
        server.wait_for("Waiting for connections to close")
        server.wait_for("Finished server process")  # the idle worker
        with server.get("/ticks") as late:
            late.settimeout(0.5)
            with pytest.raises(TimeoutError):
                late.recv(1)
            os.killpg(server.process.pid, signal.SIGINT)
            assert server.ended() is not None
            late.settimeout(PATIENCE)
            with pytest.raises(ConnectionResetError):
                late.recv(1)


SLOW_EXIT = """
import asyncio, pathlib
from contextlib import asynccontextmanager
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app):
    yield
    print("lifespan: begins")
    while not pathlib.Path("release").exists():
        await asyncio.sleep(0.01)
    print("lifespan: through")


app = FastAPI(lifespan=lifespan)
"""


def test_a_sigint_does_not_interrupt_the_shutdown_of_the_lifespan(
    start: Any, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(SLOW_EXIT)
    server = start("program:app", cwd=tmp_path)
    server.wait_for("startup complete")
    server.signal(signal.SIGTERM)
    server.wait_for("lifespan: begins")
    server.signal(signal.SIGINT)
    assert server.ended(0.5) is None
    (tmp_path / "release").touch()
    assert server.ended() is not None
    assert "lifespan: through" in server.log.read_text()


CLEAN_UP = """
import asyncio, os
from fastapi import FastAPI

app = FastAPI()

if os.environ.get("MIDDLEWARE"):

    @app.middleware("http")
    async def middleware(request, call_next):
        return await call_next(request)


@app.get("/")
async def slow():
    try:
        print("endpoint: waits")
        await asyncio.Event().wait()
    finally:
        print("clean-up: begins")
        if os.environ.get("AWAITS"):
            await asyncio.sleep(60)
        print("clean-up: done")
"""


@pytest.mark.parametrize(
    ("variable", "answer", "done"),
    [("", b"HTTP/1.1 500", True), ("AWAITS", b"", False), ("MIDDLEWARE", b"", True)],
)
def test_at_the_limit_the_process_can_end_before_the_clean_up_and_the_500(
    start: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    answer: bytes,
    done: bool,
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    (tmp_path / "program.py").write_text(CLEAN_UP)
    limit = ["--timeout-graceful-shutdown", "1"]
    server = start("program:app", *limit, cwd=tmp_path)
    with server.get("/") as client:
        server.wait_for("endpoint: waits")
        server.signal(signal.SIGTERM)
        assert client.recv(12) == answer
        assert server.ended() == -signal.SIGTERM
    assert "clean-up: begins" in server.log.read_text()
    assert ("clean-up: done" in server.log.read_text()) is done


FINALLY = """
import asyncio
from contextlib import asynccontextmanager
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app):
    try:
        yield
        print("lifespan: after yield")
    finally:
        await asyncio.sleep(0)
        print("lifespan: finally")


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def slow():
    print("endpoint: waits")
    await asyncio.Event().wait()
"""


@pytest.mark.parametrize(
    ("first", "then", "closes"),
    [
        (signal.SIGINT, [], True),
        (signal.SIGTERM, [], False),
        (signal.SIGINT, [signal.SIGTERM], False),  # which a parent may add
    ],
)
def test_a_sigint_during_the_waiting_leaves_finally_only_where_no_sigterm_came(
    start: Any,
    tmp_path: Path,
    first: signal.Signals,
    then: list[signal.Signals],
    closes: bool,
) -> None:
    (tmp_path / "program.py").write_text(FINALLY)
    server = start("program:app", cwd=tmp_path)
    with server.get("/"):
        server.wait_for("endpoint: waits")
        server.signal(first)
        server.wait_for("Waiting for connections to close")
        for number in [*then, signal.SIGINT]:
            server.signal(number)
        assert server.ended() is not None
    log = server.log.read_text()
    assert "lifespan: after yield" not in log
    assert ("lifespan: finally" in log) is closes


def test_the_lifespan_of_the_stream_runs_in_a_test_client_too() -> None:
    with TestClient(stream_that_ends.app) as client:
        assert client.get("/nothing").status_code == 404


def test_the_stream_works_in_a_second_event_loop_and_leaves_the_handlers() -> None:
    # As in a terminal; what a shell starts in the background ignores the signal.
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.default_int_handler

    async def main() -> int:
        async with stream_that_ends.lifespan(stream_that_ends.app) as state:
            request: Any = SimpleNamespace(state=SimpleNamespace(**state))
            assert signal.getsignal(signal.SIGINT) is not before
            seen = 0
            async for _ in stream_that_ends.ticks(request):
                seen += 1
                if seen == 2:
                    state["stopping"].set()
            return seen

    try:
        assert [asyncio.run(main()), asyncio.run(main())] == [2, 2]
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, found)


@pytest.mark.since(uvicorn="0.45.0")
def test_a_client_that_never_reads_holds_its_stream_until_the_limit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stopping = asyncio.Event()
    seen: list[str] = []
    app = FastAPI()

    async def large() -> AsyncIterator[bytes]:
        try:
            while not stopping.is_set():
                seen.append("piece")
                yield b"x" * 10_000_000
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(large())

    async def scene(running: Running, http: AsyncClient) -> None:
        port = int(running.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as silent:
            silent.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            await until(lambda: bool(seen))
            stopping.set()
            running.server.should_exit = True
            await running.task

    run(app, scene, limit=0.3)
    assert seen[:1] == ["piece"]
    assert "Cancel 1 running task(s)" in caplog.text


def test_at_the_limit_the_log_counts_what_is_cancelled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    working = asyncio.Event()
    app = FastAPI()

    @app.get("/")
    async def slow() -> None:
        working.set()
        await asyncio.Event().wait()

    async def scene(running: Running, http: AsyncClient) -> None:
        request = asyncio.create_task(http.get(running.url))
        await working.wait()
        running.server.should_exit = True
        await request

    run(app, scene, limit=0.1)
    assert "Waiting for connections to close. (CTRL+C to force quit)" in caplog.messages
    expected = "Cancel 1 running task(s), timeout graceful shutdown exceeded"
    assert expected in caplog.messages


def test_fastapi_run_has_no_option_for_the_limit() -> None:
    names = inspect.signature(fastapi_cli.cli.run).parameters
    assert not [name for name in names if "graceful" in name]


def test_the_start_script_is_accepted_by_shellcheck_and_by_uvicorn() -> None:
    script = Path(__file__).parent / "start.sh"
    checker = Path(sys.executable).parent / "shellcheck"
    result = subprocess.run([checker, script], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (0, b"")
    text = script.read_text().replace("\\\n", "")
    words = shlex.split(text, comments=True)
    found = uvicorn.main.make_context("uvicorn", words[2:]).params
    assert found["timeout_graceful_shutdown"] == 20


PROGRAM = """
import atexit, pathlib, time
from fastapi import FastAPI

atexit.register(print, "atexit: ran")
app = FastAPI()


@app.get("/")
def slow():
    print("thread: begins")
    end = time.monotonic() + 60
    while not pathlib.Path("release").exists() and time.monotonic() < end:
        time.sleep(0.01)
    print("thread: finished")
"""


def test_after_sigterm_uvicorn_kills_itself_and_neither_threads_nor_atexit_finish(
    start: Any, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    server = start("program:app", "--timeout-graceful-shutdown", "0", cwd=tmp_path)
    with server.get("/"):
        server.wait_for("thread: begins")
        server.signal(signal.SIGTERM)
        assert server.ended() == -signal.SIGTERM
    log = server.log.read_text()
    assert "Finished server process" in log
    assert "thread: finished" not in log
    assert "atexit: ran" not in log


NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


@pytest.mark.needs(
    shutil.which("unshare")
    and subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0,
    "the right to a process namespace",
)
def test_as_process_1_uvicorn_outlives_its_signal_and_waits_for_each_thread(
    start: Any, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    limit = ["--timeout-graceful-shutdown", "0"]
    server = start("program:app", *limit, cwd=tmp_path, inside=NAMESPACE)
    outside = server.process.pid
    children = Path(f"/proc/{outside}/task/{outside}/children")
    with server.get("/"):
        server.wait_for("thread: begins")
        os.kill(int(children.read_text()), signal.SIGTERM)
        server.wait_for(r"Finished server process \[1\]")
        assert server.ended(0.2) is None  # the thread holds the process
        (tmp_path / "release").touch()
        assert server.ended() == 0
    log = server.log.read_text()
    assert "Application shutdown complete." in log
    assert log.index("thread: finished") < log.index("atexit: ran")


# --- WebSockets


def test_a_websocket_function_that_waits_for_a_message_gets_a_disconnect() -> None:
    codes: list[int] = []
    app = FastAPI()

    @app.websocket("/")
    async def chat(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as error:
            codes.append(error.code)

    opened = threading.Event()

    def client(url: str) -> None:
        with connect(url, proxy=None) as socket:
            opened.set()
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=PATIENCE)

    async def scene(running: Running, http: AsyncClient) -> None:
        url = running.url.replace("http", "ws")
        closed = asyncio.create_task(asyncio.to_thread(client, url))
        await until(opened.is_set)
        running.server.should_exit = True
        await closed

    run(app, scene)
    assert codes == [1012]


def test_a_websocket_that_is_not_accepted_yet_gets_no_1012_but_a_500() -> None:
    arrived = threading.Event()
    app = FastAPI()

    @app.websocket("/")
    async def late(websocket: WebSocket) -> None:
        arrived.set()
        assert (await websocket.receive())["type"] == "websocket.connect"
        await websocket.receive()

    def client(url: str) -> int:
        with pytest.raises(InvalidStatus) as caught, connect(url, proxy=None):
            pass
        return caught.value.response.status_code

    async def scene(running: Running, http: AsyncClient) -> int:
        url = running.url.replace("http", "ws")
        refused = asyncio.create_task(asyncio.to_thread(client, url))
        await until(arrived.is_set)
        running.server.should_exit = True
        return await refused

    assert run(app, scene, limit=0.1) == 500


def test_the_websocket_of_a_client_that_never_reads_holds_the_server_until_the_limit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[str] = []
    app = FastAPI()

    @app.websocket("/")
    async def news(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                seen.append("sends")
                await websocket.send_bytes(b"x" * 10_000_000)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def scene(running: Running, http: AsyncClient) -> None:
        port = int(running.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as silent:
            silent.sendall(
                b"GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            await until(lambda: bool(seen))
            running.server.should_exit = True
            await running.task

    run(app, scene, limit=0.3)
    assert seen[-1] == "cancelled"
    assert "Cancel 1 running task(s)" in caplog.text


def test_a_stop_closes_the_open_connections_on_which_no_request_runs() -> None:
    app = FastAPI()

    @app.get("/")
    async def root() -> int:
        return 1

    async def scene(running: Running, http: AsyncClient) -> bytes:
        port = int(running.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n1")
        running.server.should_exit = True
        rest = await reader.read()
        writer.close()
        return rest

    assert run(app, scene) == b""


def test_a_websocket_is_closed_with_1012_and_the_server_waits_for_its_function() -> (
    None
):
    leave = threading.Event()
    app = FastAPI()

    @app.websocket("/")
    async def deaf(websocket: WebSocket) -> None:
        await websocket.accept()
        await asyncio.to_thread(leave.wait, PATIENCE)  # never looks at the socket

    def client(url: str) -> int:
        with connect(url, proxy=None) as socket:
            opened.set()
            with pytest.raises(ConnectionClosed) as caught:
                socket.recv(timeout=PATIENCE)
        assert caught.value.rcvd
        return caught.value.rcvd.code

    opened = threading.Event()

    async def scene(running: Running, http: AsyncClient) -> int:
        url = running.url.replace("http", "ws")
        closed = asyncio.create_task(asyncio.to_thread(client, url))
        await until(opened.is_set)
        running.server.should_exit = True
        code = await closed
        assert not running.task.done()
        leave.set()
        return code

    try:
        assert run(app, scene) == 1012
    finally:
        leave.set()

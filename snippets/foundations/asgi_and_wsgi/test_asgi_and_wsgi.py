import asyncio
import contextlib
import io
import os
import re
import shlex
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults

import httpx2
import pytest
import uvicorn
import uvicorn.middleware.wsgi
import werkzeug.serving
from a2wsgi import ASGIMiddleware, WSGIMiddleware
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from flask import Flask

from snippets.conftest import free_port
from snippets.foundations.asgi_and_wsgi import (
    both,
    context_variable,
    fastapi_under_wsgi,
    wrong_thread_local,
)
from snippets.foundations.conftest import gunicorn_serves

FOLDER = Path(__file__).parent
TOOLS = Path(sys.executable).parent
PATIENCE = 120.0


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


class QuietThreads(werkzeug.serving.WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        pass


@contextlib.contextmanager
def running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        port: int = server.socket.getsockname()[1]
        yield port
    finally:
        server.shutdown()
        thread.join(PATIENCE)


@contextlib.contextmanager
def wsgiref_serves(app: Any) -> Iterator[int]:
    """Run the application under the single-threaded server of the standard library."""
    server = make_server("127.0.0.1", 0, app, handler_class=QuietHandler)
    with server, running(server) as port:
        yield port


@contextlib.contextmanager
def threads_serve(app: Any) -> Iterator[int]:
    """Run the application under Werkzeug's server with one thread per request."""
    server = werkzeug.serving.make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=QuietThreads
    )
    with contextlib.closing(server.socket), running(server) as port:
        yield port


@contextlib.contextmanager
def uvicorn_serves(app: Any) -> Iterator[int]:
    """Run the application under Uvicorn in a thread."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + PATIENCE
            while not server.started and time.monotonic() < deadline:
                assert thread.is_alive()
                time.sleep(0.002)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def get(port: int, path: str = "/") -> httpx2.Response:
    return httpx2.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE)


def wsgi_hello(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def flask_hello() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")
    return app


def test_the_same_answer_through_both_interfaces(recorded: Any) -> None:
    with wsgiref_serves(both.wsgi_app) as port:
        of_wsgi = get(port)
    with uvicorn_serves(both.asgi_app) as port:
        of_asgi = get(port)
    answers = [f"{a.status_code} {a.text.rstrip()}" for a in (of_wsgi, of_asgi)]
    recorded("answers.txt", "\n".join(answers))


def test_an_application_under_a_server_of_the_other_kind_answers_500(
    recorded: Any,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with wsgiref_serves(fastapi_under_wsgi.app) as port:
        assert get(port, "/started").status_code == 500
    under_wsgi = capsys.readouterr().err.strip().splitlines()[-1]
    with uvicorn_serves(flask_hello()) as port:
        assert get(port).status_code == 500
    # What else is logged depends on the level that other tests have left.
    under_asgi = re.findall(r"^TypeError: .*", caplog.text, re.M)[-1]
    recorded(
        "errors.txt",
        f"FastAPI under a WSGI server (wsgiref):\n{under_wsgi}\n\n"
        f"Flask under an ASGI server (Uvicorn):\n{under_asgi}\n",
    )


@pytest.mark.parametrize("serve", [wsgiref_serves, threads_serve])
@pytest.mark.parametrize("app", [wsgi_hello, flask_hello()])
def test_any_wsgi_server_runs_any_wsgi_application(
    serve: Callable[[Any], contextlib.AbstractContextManager[int]], app: Any
) -> None:
    with serve(app) as port:
        assert get(port).text == "hello"


def test_wsgi_requests_are_in_progress_at_the_same_time_in_threads() -> None:
    barrier = threading.Barrier(3, timeout=PATIENCE)
    threads: set[int] = set()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        barrier.wait()  # passes only when three requests are here
        threads.add(threading.get_ident())
        return wsgi_hello(environ, start_response)

    with threads_serve(app) as port, ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(get, [port] * 3))
    assert [answer.text for answer in answers] == ["hello"] * 3
    assert len(threads) == 3


def test_one_thread_has_a_hundred_asgi_requests_in_progress() -> None:
    threads: set[int] = set()
    arrived = 0

    async def run() -> None:
        everybody = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == 100:
                everybody.set()
            await everybody.wait()
            threads.add(threading.get_ident())
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"hello"})

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(client.get("/") for _ in range(100)))

    asyncio.run(run())
    assert arrived == 100
    assert len(threads) == 1


def test_a_blocked_wsgi_call_holds_up_only_its_own_thread() -> None:
    quick_was_answered = threading.Event()
    slow_started = threading.Event()
    released: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            slow_started.set()
            released.append(quick_was_answered.wait(PATIENCE))
        return wsgi_hello(environ, start_response)

    with threads_serve(app) as port, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(get, port, "/slow")
        assert slow_started.wait(PATIENCE)
        assert get(port, "/quick").text == "hello"
        quick_was_answered.set()
        assert slow.result(PATIENCE).text == "hello"
    assert released == [True]


def test_a_blocked_asgi_call_holds_up_every_request_of_its_event_loop() -> None:
    order: list[str] = []
    another_was_answered = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        order.append(f"enter {scope['path']}")
        released = another_was_answered.wait(0.05)  # blocks the thread of the loop
        order.append(f"leave {scope['path']}, released: {released}")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    async def run() -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:

            async def fetch(path: str) -> None:
                await client.get(path)
                another_was_answered.set()

            await asyncio.gather(fetch("/a"), fetch("/b"))

    asyncio.run(run())
    assert order[:2] == ["enter /a", "leave /a, released: False"]


def test_an_asgi_application_is_told_that_the_client_has_left() -> None:
    told: list[str] = []
    started, finished = threading.Event(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await receive()
            started.set()
            told.append((await receive())["type"])
            finished.set()

    with uvicorn_serves(app) as port:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            assert started.wait(PATIENCE)
        assert finished.wait(PATIENCE)
    assert told == ["http.disconnect"]


@pytest.fixture(scope="module", autouse=True)
def stop_the_loop_of_the_adapter() -> Iterator[None]:
    """The adapter runs an event loop in a daemon thread from its import on."""
    yield
    loop = fastapi_under_wsgi.application.loop
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    deadline = time.monotonic() + PATIENCE
    while loop.is_running() and time.monotonic() < deadline:
        time.sleep(0.002)
    loop.close()


def test_a2wsgi_runs_fastapi_under_wsgi_without_its_lifespan() -> None:
    with threads_serve(fastapi_under_wsgi.application) as port:
        assert get(port, "/started").json() is False
    with TestClient(fastapi_under_wsgi.app) as client:
        assert client.get("/started").json() is True


def test_a_path_that_is_not_utf_8_is_a_500_of_the_adapter_only() -> None:
    with wsgiref_serves(fastapi_under_wsgi.application) as port:
        assert get(port, "/%ff").status_code == 500
    with uvicorn_serves(fastapi_under_wsgi.app) as port:
        assert get(port, "/%ff").status_code == 404


def test_a_query_that_is_not_ascii_is_a_500_of_the_adapter() -> None:
    request = b"GET /started?\xc3\xa4 HTTP/1.0\r\n\r\n"
    with (
        wsgiref_serves(fastapi_under_wsgi.application) as port,
        socket.create_connection(("127.0.0.1", port), PATIENCE) as client,
    ):
        client.sendall(request)
        assert client.recv(100).split()[1] == b"500"


@pytest.mark.parametrize(("background", "status"), [(False, 500), (True, 200)])
def test_the_adapter_logs_no_exception_of_a_path_operation_or_background_task(
    background: bool,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    app = FastAPI()

    def fail() -> None:
        raise KeyError("lost")

    @app.get("/")
    def root(tasks: BackgroundTasks) -> None:
        tasks.add_task(fail) if background else fail()

    adapter: Any = ASGIMiddleware(app, loop=fastapi_under_wsgi.application.loop)
    with caplog.at_level("DEBUG"), wsgiref_serves(adapter) as port:
        assert get(port).status_code == status
    assert "KeyError" not in caplog.text + "".join(capfd.readouterr())
    with caplog.at_level("DEBUG"), uvicorn_serves(app) as port:
        assert get(port).status_code == status
    assert "KeyError" in caplog.text


def test_a_background_task_holds_the_worker_of_the_adapter() -> None:
    app = FastAPI()
    released, holds = threading.Event(), threading.Event()

    @app.get("/")
    def root(tasks: BackgroundTasks) -> str:
        tasks.add_task(released.wait, PATIENCE)
        return "sent"

    adapter: Any = ASGIMiddleware(app, loop=fastapi_under_wsgi.application.loop)
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    body = adapter(environ, lambda *_: None)
    assert next(body) == b'"sent"'

    def wait_for_the_end() -> None:
        list(body)
        holds.set()

    worker = threading.Thread(target=wait_for_the_end)
    worker.start()
    assert not holds.wait(0.2)
    released.set()
    assert holds.wait(PATIENCE)
    worker.join()


def test_under_the_adapter_a_stream_that_was_left_keeps_its_dependency() -> None:
    app = FastAPI()
    steps: list[str] = []
    tasks: list[Any] = []

    async def session() -> AsyncIterator[None]:
        tasks.append(asyncio.current_task())
        try:
            yield
        finally:
            steps.append("closed")

    @app.get("/", dependencies=[Depends(session)])
    async def root() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            while True:
                yield "piece"

        return StreamingResponse(pieces())

    async def let_others_run() -> None:
        for _ in range(1000):
            await asyncio.sleep(0)

    loop = fastapi_under_wsgi.application.loop
    adapter: Any = ASGIMiddleware(app, loop=loop)
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    body = adapter(environ, lambda *_: None)
    assert next(body) == b"piece"
    body.close()  # as a server does when it cannot send
    asyncio.run_coroutine_threadsafe(let_others_run(), loop).result(PATIENCE)
    assert steps == []
    assert not tasks[0].done()
    loop.call_soon_threadsafe(tasks[0].cancel)
    asyncio.run_coroutine_threadsafe(let_others_run(), loop).result(PATIENCE)
    assert steps == ["closed"]


def test_the_adapter_needs_nothing_but_the_wsgi_call() -> None:
    environ: dict[str, Any] = {"PATH_INFO": "/docs"}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    application: Any = fastapi_under_wsgi.application
    body = application(environ, lambda status, *_: statuses.append(status))
    assert b"swagger-ui" in b"".join(body)
    assert statuses == ["200 OK"]


def test_an_async_flask_view_gets_an_event_loop_for_each_request() -> None:
    app = Flask(__name__)
    loops: list[asyncio.AbstractEventLoop] = []

    @app.get("/")
    async def view() -> str:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())
        return "hello"

    client = app.test_client()
    assert client.get("/").text == client.get("/").text == "hello"
    assert loops[0] is not loops[1]


def answers_to_two_users(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let both requests wait for their orders at the same time."""

    async def run() -> list[str]:
        barrier = asyncio.Barrier(2)

        async def load_orders() -> None:
            async with asyncio.timeout(PATIENCE):
                await barrier.wait()

        monkeypatch.setattr(module, "load_orders", load_orders)
        transport = httpx2.ASGITransport(module.app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            answers = await asyncio.gather(
                *(
                    client.get("/orders", headers={"X-User": name})
                    for name in ("ann", "bob")
                )
            )
        return [answer.json() for answer in answers]

    return asyncio.run(run())


def test_a_thread_local_mixes_up_the_requests_of_one_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, bob = answers_to_two_users(wrong_thread_local, monkeypatch)
    assert ann == bob


def test_a_context_variable_belongs_to_one_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, bob = answers_to_two_users(context_variable, monkeypatch)
    assert (ann, bob) == ("orders of ann", "orders of bob")


@pytest.mark.parametrize("script", ["wrong_start.sh", "start.sh"])
def test_the_shell_scripts_pass_shellcheck(script: str) -> None:
    result = subprocess.run(
        [TOOLS / "shellcheck", FOLDER / script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_the_wrong_command_names_no_worker_that_speaks_asgi() -> None:
    words = shlex.split((FOLDER / "wrong_start.sh").read_text(), comments=True)
    assert words[:3] == ["exec", "gunicorn", "main:app"]
    assert not {"-k", "--worker-class"} & set(words)


@pytest.mark.parametrize(
    ("file", "arguments", "worker"),
    [
        ("", "", "sync"),
        ("worker_class = 'asgi'", "", "asgi"),
        ("", "-k asgi", "asgi"),
    ],
)
def test_a_file_or_the_environment_can_name_the_worker_of_gunicorn(
    tmp_path: Path, file: str, arguments: str, worker: str
) -> None:
    shutil.copy(FOLDER / "context_variable.py", tmp_path / "main.py")
    (tmp_path / "gunicorn.conf.py").write_text(file)
    result = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "main:app"],
        cwd=tmp_path,
        env=os.environ | {"GUNICORN_CMD_ARGS": arguments},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(x for x in result.stdout.splitlines() if x.startswith("worker_class "))
    assert line.split()[-1] == worker


def test_the_right_command_starts_the_application(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "context_variable.py", tmp_path / "main.py")
    port = free_port()
    environment = os.environ | {
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "PORT": str(port),
    }
    command = ["sh", str(FOLDER / "start.sh")]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as server:
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    response = httpx2.get(
                        f"http://127.0.0.1:{port}/orders", headers={"X-User": "ann"}
                    )
                    break
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            server.terminate()
    assert response.json() == "orders of ann"


LEFT = """
import asyncio
import pathlib

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()

async def endless(name: str) -> None:
    pathlib.Path(f"{name} began").touch()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        pathlib.Path(f"{name} cancelled").touch()
        raise

@app.get("/task")
async def task(tasks: BackgroundTasks) -> str:
    tasks.add_task(endless, "task")
    return "whole"

@app.get("/request")
async def request() -> None:
    await endless("request")
"""


def test_the_asgi_worker_of_gunicorn_cancels_after_3_seconds_what_the_client_left(
    tmp_path: Path,
) -> None:
    assert import_module("gunicorn.config").Config().asgi_disconnect_grace_period == 3
    deadline = time.monotonic() + PATIENCE

    def until(name: str) -> None:
        while not (tmp_path / name).exists():
            assert server.poll() is None
            assert time.monotonic() < deadline, name
            time.sleep(0.02)

    with gunicorn_serves(LEFT, tmp_path, "-k", "asgi") as (port, server):
        assert get(port, "/task").json() == "whole"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /request HTTP/1.1\r\nHost: a\r\n\r\n")
            until("request began")
        until("task cancelled")
        until("request cancelled")


AFTER_A_FORK = """
import asyncio, os, threading
from snippets.foundations.asgi_and_wsgi.fastapi_under_wsgi import application

async def answer():
    return 1

def loop_answers():
    future = asyncio.run_coroutine_threadsafe(answer(), application.loop)
    try:
        return future.result(float(os.environ["WAIT"])) == 1
    except TimeoutError:
        return False

assert loop_answers() and threading.active_count() == 2
if os.fork() == 0:
    os._exit(10 + loop_answers() + (threading.active_count() > 1))
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_fork_leaves_the_adapter_without_the_thread_of_its_event_loop() -> None:
    command = [sys.executable, "-W", "ignore", "-c", AFTER_A_FORK]
    root = FOLDER.parent.parent.parent
    result = subprocess.run(
        command,
        cwd=root,
        env=os.environ | {"WAIT": "0.5"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "10"


def test_the_adapter_delivers_no_body_without_a_content_length() -> None:
    received: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        received.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    adapter: Any = ASGIMiddleware(app, loop=fastapi_under_wsgi.application.loop)
    for length in ({}, {"CONTENT_LENGTH": "5"}):
        environ: dict[str, Any] = {"wsgi.input": io.BytesIO(b"hello"), **length}
        setup_testing_defaults(environ)
        b"".join(adapter(environ, lambda *_: None))
    assert received == [b"", b"hello"]


class BrokenOff(io.RawIOBase):
    """A body of which three bytes arrive, and after many more reads the rest."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads == 1:
            return b"hel"
        return b"" if self.reads < 100 else b"lo"


def test_the_adapter_asks_without_end_for_the_rest_of_a_body() -> None:
    received = bytearray()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            received.extend(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    adapter: Any = ASGIMiddleware(app, loop=fastapi_under_wsgi.application.loop)
    body = BrokenOff()
    environ: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": "5"}
    setup_testing_defaults(environ)
    b"".join(adapter(environ, lambda *_: None))
    assert body.reads == 100
    assert received == b"hello"


def test_uvicorn_runs_flask_with_its_interface_wsgi() -> None:
    config = uvicorn.Config(flask_hello(), interface="wsgi", log_config=None)
    config.load()
    assert TestClient(config.loaded_app).get("/").text == "hello"
    in_use: Any = vars(uvicorn.middleware.wsgi)["WSGIMiddleware"]
    assert in_use is WSGIMiddleware


def test_without_a2wsgi_the_interface_wsgi_is_deprecated() -> None:
    native: Any = uvicorn.middleware.wsgi._WSGIMiddleware
    with pytest.warns(DeprecationWarning, match="switch to a2wsgi"):
        native(flask_hello())


def test_uvicorn_and_fastapi_run_have_an_option_for_workers() -> None:
    for command in (["uvicorn", "--help"], ["fastapi", "run", "--help"]):
        output = subprocess.run(
            [TOOLS / command[0], *command[1:]],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "--workers" in output

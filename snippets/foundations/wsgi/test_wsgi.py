import asyncio
import contextlib
import http.client
import importlib
import inspect
import io
import socket
import socketserver
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import httpx2
import pytest
import werkzeug.serving
from a2wsgi import WSGIMiddleware
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from flask import Flask, Response, request
from starlette.routing import Mount

from snippets.conftest import Nginx
from snippets.foundations.conftest import gunicorn_serves
from snippets.foundations.wsgi import (
    flask_in_fastapi,
    hand_written,
    mount_last,
    stream,
    wrong_mount_first,
)

PATIENCE = 30.0
NEW_ADAPTER: Any = WSGIMiddleware
SHOWN = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "HTTP_ACCEPT",
    "SERVER_PROTOCOL",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.multithread",
    "wsgi.multiprocess",
)


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


class QuietThreads(werkzeug.serving.WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        pass


@contextlib.contextmanager
def wsgiref_serves(app: WSGIApplication) -> Iterator[int]:
    """Run the application under the single-threaded server of the standard library."""
    server = make_server("127.0.0.1", 0, app, handler_class=QuietHandler)
    with server, running(server):
        yield server.server_port


@contextlib.contextmanager
def threads_serve(app: WSGIApplication) -> Iterator[int]:
    """Run the application under Werkzeug's server with one thread per request."""
    server = werkzeug.serving.make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=QuietThreads
    )
    with contextlib.closing(server.socket), running(server):
        yield server.server_port


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(PATIENCE)


def environ_of(path: str = "/") -> WSGIEnvironment:
    environ: WSGIEnvironment = {
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
    }
    setup_testing_defaults(environ)
    return environ


def test_the_environ_of_a_request_and_its_answer(recorded: Any) -> None:
    environs: list[WSGIEnvironment] = []

    def spy(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environs.append(dict(environ))
        return hand_written.app(environ, start_response)

    with wsgiref_serves(spy) as port:
        answer = httpx2.post(
            f"http://127.0.0.1:{port}/notes?draft=1",
            content=b"Hello, WSGI",
            headers={"Content-Type": "text/plain"},
        )
    assert answer.text == "POST /notes: 11 bytes\n"
    environ = environs[0]
    environ["wsgi.input"] = type(environ["wsgi.input"])
    lines = [f"{key:<18} {environ[key]!r}" for key in SHOWN]
    recorded("environ.txt", "\n".join(lines))


def test_the_hand_written_app_conforms_to_the_specification() -> None:
    status: list[str] = []
    environ = environ_of("/notes")

    def start_response(line: str, headers: Any, exc_info: Any = None) -> Any:
        status.append(line)
        return io.BytesIO().write

    body: Any = validator(hand_written.app)(environ, start_response)
    assert b"".join(body) == b"GET /notes: 0 bytes\n"
    body.close()
    assert status == ["200 OK"]


def three_at_once(port: int) -> list[str]:
    def get(_: int) -> str:
        return httpx2.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).text

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(get, range(3)))


class Meeting:
    """A WSGI application whose requests wait for each other."""

    def __init__(self, patience: float) -> None:
        self.barrier = threading.Barrier(3, timeout=patience)
        self.threads: set[int] = set()
        self.multithread: set[bool] = set()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        self.multithread.add(bool(environ["wsgi.multithread"]))
        try:
            self.barrier.wait()
            self.threads.add(threading.get_ident())
            text = b"met"
        except threading.BrokenBarrierError:
            text = b"alone"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [text]


def test_a_wsgi_server_with_threads_handles_requests_at_the_same_time() -> None:
    meeting = Meeting(PATIENCE)
    with threads_serve(meeting) as port:
        assert three_at_once(port) == ["met", "met", "met"]
    assert meeting.multithread == {True}


def test_each_wsgi_request_in_progress_occupies_a_thread() -> None:
    meeting = Meeting(PATIENCE)
    with threads_serve(meeting) as port:
        three_at_once(port)
    assert len(meeting.threads) == 3


def test_the_same_app_handles_one_request_at_a_time_under_a_server_without_threads() -> (
    None
):
    meeting = Meeting(0.1)
    with wsgiref_serves(meeting) as port:
        assert three_at_once(port) == ["alone", "alone", "alone"]
    assert meeting.multithread == {False}


def test_a_generator_is_sent_piece_by_piece() -> None:
    arrived = threading.Event()
    first_arrived_before_second_was_made: list[bool] = []

    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"first\n"
        first_arrived_before_second_was_made.append(arrived.wait(PATIENCE))
        yield b"second\n"

    with wsgiref_serves(app) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", "/")
            response = connection.getresponse()
            assert response.readline() == b"first\n"
            arrived.set()
            assert response.readline() == b"second\n"
    assert first_arrived_before_second_was_made == [True]


def test_the_streaming_app_makes_a_line_when_it_is_asked_for_one() -> None:
    headers: list[Any] = []

    def start_response(status: str, lines: Any, exc_info: Any = None) -> Any:
        headers.append((status, lines))

    body = iter(stream.app(environ_of(), start_response))
    assert headers == []
    assert next(body) == b"0,0\n"
    assert headers == [("200 OK", [("Content-Type", "text/csv")])]
    assert next(body) == b"1,1\n"


def test_a_wsgi_application_may_not_upgrade_to_a_websocket() -> None:
    handler = SimpleHandler(io.BytesIO(), io.BytesIO(), io.StringIO(), {})
    with pytest.raises(AssertionError, match="Hop-by-hop header, 'Upgrade: websocket'"):
        handler.start_response(
            "101 Switching Protocols",
            [("Upgrade", "websocket"), ("Connection", "Upgrade")],
        )


def test_the_raw_socket_is_an_extra_of_one_server() -> None:
    seen: list[set[str]] = []

    def spy(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(set(environ))
        return hand_written.app(environ, start_response)

    for serve in (threads_serve, wsgiref_serves):
        with serve(spy) as port:
            httpx2.get(f"http://127.0.0.1:{port}/")
    assert "werkzeug.socket" in seen[0]
    assert not any("socket" in key.lower() for key in seen[1])


def test_flask_answers_inside_fastapi_and_knows_its_prefix(recorded: Any) -> None:
    client = TestClient(flask_in_fastapi.app)
    assert client.get("/health").json() == {"status": "ok"}
    response = client.get("/legacy/invoices/7")
    assert response.headers["content-type"] == "application/json"
    recorded("flask.json", response.text)


def test_the_openapi_document_does_not_list_the_mounted_app() -> None:
    paths = TestClient(flask_in_fastapi.app).get("/openapi.json").json()["paths"]
    assert list(paths) == ["/health"]


def flask_with_thread_name() -> Flask:
    legacy = Flask(__name__)

    @legacy.get("/thread")
    def thread() -> str:
        return threading.current_thread().name

    return legacy


def test_a2wsgi_calls_flask_in_ten_threads_of_its_own() -> None:
    app = FastAPI()
    app.mount("/legacy", NEW_ADAPTER(flask_with_thread_name()))
    assert TestClient(app).get("/legacy/thread").text.startswith("WSGI_")
    assert inspect.signature(WSGIMiddleware).parameters["workers"].default == 10


def test_two_requests_are_inside_the_mounted_flask_at_the_same_time() -> None:
    legacy = Flask(__name__)
    both = threading.Barrier(2)

    @legacy.get("/inside")
    def inside() -> str:
        both.wait(PATIENCE)  # passes only when two requests are in progress
        return str(request.environ["wsgi.multithread"])

    app = FastAPI()
    app.mount("/legacy", NEW_ADAPTER(legacy))

    async def main() -> list[str]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://t"
        ) as client:
            calls = (client.get("/legacy/inside") for _ in range(2))
            return [answer.text for answer in await asyncio.gather(*calls)]

    assert asyncio.run(main()) == ["True", "True"]


def test_a_stream_of_flask_runs_to_its_end_after_the_client_has_left() -> None:
    legacy = Flask(__name__)
    made: list[int] = []
    left = threading.Event()

    @legacy.get("/stream")
    def stream() -> Any:
        def pieces() -> Iterator[bytes]:
            for number in range(100):
                if number:
                    left.wait(30)
                made.append(number)
                yield b"piece"

        return pieces()

    async def receive() -> dict[str, Any]:
        if left.is_set():
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            left.set()  # like Uvicorn, which drops what comes after that

    app = FastAPI()
    app.mount("/legacy", NEW_ADAPTER(legacy))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/legacy/stream",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))
    assert len(made) == 100


def test_a_stream_that_was_left_keeps_uvicorn_from_stopping(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    end, stopped = threading.Event(), threading.Event()
    legacy = Flask(__name__)

    @legacy.get("/stream")
    def stream() -> Any:
        def pieces() -> Iterator[bytes]:
            while not end.wait(0.01):
                yield b"piece"

        return pieces()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        stopped.set()

    app = FastAPI(lifespan=lifespan)
    app.mount("/legacy", NEW_ADAPTER(legacy))
    waits = "Waiting for background tasks to complete"
    with (
        caplog.at_level("INFO", "uvicorn.error"),
        serve(app) as (address, server),
    ):
        with httpx2.stream("GET", f"{address}/legacy/stream") as answer:
            assert next(answer.iter_raw()).startswith(b"piece")
        server.should_exit = True
        try:
            deadline = time.monotonic() + PATIENCE
            while waits not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.01)
            assert waits in caplog.text
            assert not stopped.wait(0.5)
        finally:
            end.set()
        assert stopped.wait(PATIENCE)


def test_a_cancelled_download_can_keep_its_thread() -> None:
    ended = threading.Event()

    def download(environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            yield from [b"piece"] * 30
        finally:
            ended.set()

    async def cancel() -> bool:
        stalls = asyncio.Event()

        async def send(_: Any) -> None:
            stalls.set()
            await asyncio.Event().wait()

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
        }
        task = asyncio.create_task(NEW_ADAPTER(download)(scope, None, send))
        await stalls.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(ended.wait, 0.5)

    assert asyncio.run(cancel()) is False
    assert ended.wait(PATIENCE)  # the end of the event loop frees the thread


WHO = """
from flask import Flask, request

app = Flask(__name__)

@app.get("/who")
def who():
    return request.headers.get("X-User", "nobody")
"""


def test_a_header_with_an_underscore_counts_as_another_but_not_behind_nginx(
    serve: Any, nginx: Nginx
) -> None:
    names: dict[str, Any] = {"__name__": __name__}
    exec(WHO, names)
    app = FastAPI()
    app.mount("/legacy", NEW_ADAPTER(names["app"]))
    forged = {"X_User": "admin"}
    with serve(app) as (address, _):
        url = f"{address}/legacy/who"
        assert httpx2.get(url, headers=forged).text == "admin"
        with nginx(f"location / {{ proxy_pass {address}; }}") as front:
            url = f"{front}/legacy/who"
            assert httpx2.get(url, headers=forged).text == "nobody"


def test_gunicorn_drops_a_header_with_an_underscore(tmp_path: Path) -> None:
    with gunicorn_serves(WHO, tmp_path) as (port, _):
        url = f"http://127.0.0.1:{port}/who"
        answers = [httpx2.get(url, headers={n: "a"}) for n in ("X_User", "X-User")]
    assert [answer.text for answer in answers] == ["nobody", "a"]


COUNT = """
from flask import Flask, request

app = Flask(__name__)

@app.post("/count")
def count():
    return str(len(request.data))
"""


def chunks() -> Iterator[bytes]:
    yield b"one "
    yield b"two"


@contextlib.contextmanager
def beside_ten_clients(
    legacy: Flask, sent: bytes, serve: Any, nginx: Nginx, behind_nginx: bool
) -> Iterator[str]:
    """Serve ``legacy`` to ten clients that send this, then stall and read nothing; yield its address."""
    app = FastAPI()
    app.mount("/legacy", NEW_ADAPTER(legacy))
    with contextlib.ExitStack() as stack:
        address, _ = stack.enter_context(serve(app))
        if behind_nginx:
            address = stack.enter_context(
                nginx(f"location / {{ proxy_pass {address}; }}")
            )
        host, port = address.removeprefix("http://").split(":")
        for _ in range(10):
            client = socket.create_connection((host, int(port)), PATIENCE)
            stack.enter_context(client).sendall(sent)
        yield address


@pytest.mark.parametrize("behind_nginx", [False, True])
def test_ten_uploads_that_stall_stop_flask_but_not_behind_nginx(
    serve: Any, nginx: Nginx, behind_nginx: bool
) -> None:
    legacy = Flask(__name__)
    entered = threading.Semaphore(0)

    @legacy.post("/")
    def count() -> str:
        entered.release()
        return str(len(request.get_data()))

    start = b"POST /legacy/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"
    with beside_ten_clients(legacy, start, serve, nginx, behind_nginx) as address:
        if behind_nginx:
            response = httpx2.post(f"{address}/legacy/", content=b"abc")
            assert response.text == "3"
        else:
            for _ in range(10):
                assert entered.acquire(timeout=PATIENCE)
            with pytest.raises(httpx2.ReadTimeout):
                httpx2.post(f"{address}/legacy/", content=b"abc", timeout=0.5)


@pytest.mark.parametrize("behind_nginx", [False, True])
def test_ten_downloads_that_stall_stop_flask_but_not_behind_nginx(
    serve: Any, nginx: Nginx, behind_nginx: bool
) -> None:
    legacy = Flask(__name__)
    entered = threading.Semaphore(0)

    @legacy.get("/big")
    def big() -> Iterator[bytes]:
        entered.release()
        return (bytes(1_000_000) for _ in range(20))

    @legacy.get("/small")
    def small() -> str:
        return "small"

    start = b"GET /legacy/big HTTP/1.1\r\nHost: x\r\n\r\n"
    with beside_ten_clients(legacy, start, serve, nginx, behind_nginx) as address:
        for _ in range(10):
            assert entered.acquire(timeout=PATIENCE)
        if behind_nginx:
            assert httpx2.get(f"{address}/legacy/small").text == "small"
        else:
            with pytest.raises(httpx2.ReadTimeout):
                httpx2.get(f"{address}/legacy/small", timeout=0.5)


def test_a_body_in_chunks_arrives_empty_at_flask_and_behind_nginx_it_does_not(
    serve: Any, nginx: Nginx
) -> None:
    app = FastAPI()
    names: dict[str, Any] = {"__name__": __name__}
    exec(COUNT, names)
    app.mount("/legacy", NEW_ADAPTER(names["app"]))
    with serve(app) as (address, _):
        url = f"{address}/legacy/count"
        answer = httpx2.post(url, content=chunks())
        assert "content-length" not in answer.request.headers
        assert (answer.status_code, answer.text) == (200, "0")
        assert httpx2.post(url, content=b"one two").text == "7"
        with nginx(f"location / {{ proxy_pass {address}; }}") as front:
            assert httpx2.post(f"{front}/legacy/count", content=chunks()).text == "7"


def test_gunicorn_delivers_a_body_in_chunks(tmp_path: Path) -> None:
    with gunicorn_serves(COUNT, tmp_path) as (port, _):
        url = f"http://127.0.0.1:{port}/count"
        answer = httpx2.post(url, content=chunks(), timeout=PATIENCE)
    assert answer.text == "7"


def test_middleware_covers_the_mounted_app_and_dependencies_do_not() -> None:
    calls: list[str] = []

    async def dependency() -> None:
        calls.append("dependency")

    app = FastAPI(dependencies=[Depends(dependency)])

    @app.middleware("http")
    async def middleware(request: Any, call_next: Any) -> Any:
        calls.append("middleware")
        return await call_next(request)

    app.mount("/legacy", NEW_ADAPTER(flask_with_thread_name()))
    assert TestClient(app).get("/legacy/thread").status_code == 200
    assert calls == ["middleware"]


@pytest.fixture
def deprecated(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the wrong snippet as if for the first time, and give it."""
    name = "snippets.foundations.wsgi.wrong_deprecated_adapter"
    for module in ("starlette.middleware.wsgi", "fastapi.middleware.wsgi", name):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.warns(Warning, match="a2wsgi as a replacement") as caught:
        snippet = importlib.import_module(name)
    monkeypatch.setattr(snippet, "warning", caught[0].category, raising=False)
    return snippet


@pytest.mark.since(starlette="1.3.1")
def test_importing_the_old_adapter_warns(deprecated: Any) -> None:
    assert deprecated.WSGIMiddleware.__module__ == "starlette.middleware.wsgi"
    assert issubclass(deprecated.warning, UserWarning)  # shown by default


def test_the_new_adapter_is_a_package_of_its_own() -> None:
    routes = flask_in_fastapi.app.routes
    mounts = [route for route in routes if isinstance(route, Mount)]
    assert [type(mount.app).__module__ for mount in mounts] == ["a2wsgi.wsgi"]


class ClosableBody:
    def __init__(self, events: list[str]) -> None:
        self.events = events

    def __iter__(self) -> Iterator[bytes]:
        yield b"row"

    def close(self) -> None:
        self.events.append("closed")


def events_of(adapter: Any) -> list[str]:
    events: list[str] = []

    def legacy(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        events.append("called")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ClosableBody(events)

    messages = [
        {"type": "http.request", "body": piece, "more_body": more}
        for piece, more in ((b"one", True), (b"two", False))
    ]

    async def receive() -> dict[str, Any]:
        events.append("received a piece")
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        pass

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(adapter(legacy)(scope, receive, send))
    return events


def test_the_old_adapter_never_closes_the_response(deprecated: Any) -> None:
    assert "closed" not in events_of(deprecated.WSGIMiddleware)
    assert "closed" in events_of(NEW_ADAPTER)


def test_the_old_adapter_never_runs_flasks_call_on_close(deprecated: Any) -> None:
    closed: list[str] = []
    legacy = Flask(__name__)

    @legacy.get("/report")
    def report() -> Response:
        response = Response("rows")
        response.call_on_close(lambda: closed.append("report"))
        return response

    for adapter, expected in (
        (deprecated.WSGIMiddleware, []),
        (NEW_ADAPTER, ["report"]),
    ):
        assert TestClient(adapter(legacy)).get("/report").text == "rows"
        assert closed == expected


def test_the_old_adapter_reads_the_whole_body_before_it_calls(deprecated: Any) -> None:
    assert events_of(deprecated.WSGIMiddleware) == [
        "received a piece",
        "received a piece",
        "called",
    ]
    assert events_of(NEW_ADAPTER)[0] == "called"


def test_an_app_mounted_at_the_root_hides_the_path_operations_after_it() -> None:
    client = TestClient(wrong_mount_first.app)
    assert client.get("/orders").status_code == 405  # Flask's: it knows only POST
    assert client.post("/orders").json() == {"created by": "Flask"}


def test_an_app_mounted_last_gets_what_no_path_operation_takes() -> None:
    client = TestClient(mount_last.app)
    assert client.get("/orders").json() == ["read by FastAPI"]
    assert client.post("/orders").json() == {"created by": "Flask"}
    assert client.get("/docs").status_code == 200


def test_an_app_mounted_last_at_the_root_takes_redirects_and_the_json_404() -> None:
    client = TestClient(mount_last.app, follow_redirects=False)
    for path in ("/orders/", "/unknown"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
    alone = FastAPI()
    alone.get("/orders")(lambda: None)
    client = TestClient(alone, follow_redirects=False)
    assert client.get("/orders/").status_code == 307
    assert client.get("/unknown").json() == {"detail": "Not Found"}


def test_a_mount_under_a_prefix_leaves_fastapi_its_own_answers() -> None:
    client = TestClient(flask_in_fastapi.app, follow_redirects=False)
    assert client.get("/health/").status_code == 307
    assert client.post("/health").json() == {"detail": "Method Not Allowed"}
    assert client.get("/unknown").json() == {"detail": "Not Found"}


def test_without_a_content_length_the_body_counts_as_empty() -> None:
    environ = environ_of("/notes")
    environ["wsgi.input"] = io.BytesIO(b"Hello, WSGI")
    body = hand_written.app(environ, lambda *arguments: io.BytesIO().write)
    assert b"".join(body) == b"GET /notes: 0 bytes\n"


@pytest.mark.parametrize("length", [-1, 1_000_001])
def test_a_body_of_more_than_a_million_bytes_is_not_read(length: int) -> None:
    status: list[str] = []

    def start_response(line: str, headers: Any, exc_info: Any = None) -> Any:
        status.append(line)

    environ = environ_of() | {"CONTENT_LENGTH": str(length), "wsgi.input": None}
    assert list(hand_written.app(environ, start_response)) == []
    assert status == ["413 Content Too Large"]


def test_fastapi_is_no_wsgi_application() -> None:
    wrong: Any = FastAPI()
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        wrong(environ_of(), lambda *arguments: None)

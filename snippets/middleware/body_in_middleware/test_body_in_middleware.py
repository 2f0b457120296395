import asyncio
import hmac
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
import uvicorn
from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snippets.middleware.body_in_middleware import (
    banner,
    check_signature,
    log_bodies,
    wrong_rebuilt_response,
    wrong_second_request,
)

Recorder = Callable[[str, str], None]
Next = Callable[[Request], Awaitable[Any]]
Function = Callable[[Request, Next], Awaitable[Any]]
PATIENCE = 30.0
SECRET = b"a secret of the tests"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Exchange:
    """One request to an application, without a client: what it asks for and sends."""

    def __init__(
        self,
        app: Any,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: tuple[bytes, ...] = (b"",),
    ) -> None:
        self.app = app
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "query_string": b"",
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in (headers or {}).items()
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
        }
        self.pieces = list(body)
        self.sent: list[Any] = []
        self.on_send: Callable[[Any], None] = lambda message: None

    async def receive(self) -> dict[str, Any]:
        if self.pieces:
            body = self.pieces.pop(0)
            more = bool(self.pieces)
            return {"type": "http.request", "body": body, "more_body": more}
        self.asked_again.set()  # a real client is silent from here on
        await self.client_leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self.on_send(message)

    async def run(self) -> str:
        """Return the status, the exception, or "waits" for an endless wait."""
        self.asked_again, self.client_leaves = asyncio.Event(), asyncio.Event()
        app = asyncio.create_task(self.app(self.scope, self.receive, self.send))
        asked = asyncio.create_task(self.asked_again.wait())
        await asyncio.wait(
            {app, asked}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE
        )
        waits = not app.done() and asked.done() and not self.sent
        self.client_leaves.set()
        asked.cancel()
        try:
            await app
        except Exception as error:
            return f"500 ({type(error).__name__}: {error})".split("Expecting")[0]
        return "waits" if waits else str(self.sent[0]["status"])

    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    def headers(self, name: str) -> list[str]:
        return [
            value.decode()
            for key, value in self.sent[0]["headers"]
            if key.decode() == name
        ]


def result(exchange: Exchange) -> str:
    return asyncio.run(exchange.run())


def endpoints(function: Function) -> FastAPI:
    app = FastAPI()
    app.middleware("http")(function)

    @app.get("/")
    def root() -> None: ...

    @app.post("/json")
    def read_json(item: dict[str, int]) -> dict[str, int]:
        return item

    @app.post("/form")
    def read_form(number: Annotated[int, Form()]) -> int:
        return number

    return app


async def nothing(request: Request, call_next: Next) -> Any:
    return await call_next(request)


async def body(request: Request, call_next: Next) -> Any:
    await request.body()
    return await call_next(request)


async def json_(request: Request, call_next: Next) -> Any:
    await request.json()
    return await call_next(request)


async def form(request: Request, call_next: Next) -> Any:
    await request.form()
    return await call_next(request)


async def body_then_form(request: Request, call_next: Next) -> Any:
    await request.body()
    await request.form()
    return await call_next(request)


async def stream(request: Request, call_next: Next) -> Any:
    assert [chunk async for chunk in request.stream()]
    return await call_next(request)


async def second_request(request: Request, call_next: Next) -> Any:
    await Request(request.scope, request.receive).body()
    return await call_next(request)


async def body_afterwards(request: Request, call_next: Next) -> Any:
    response = await call_next(request)
    await request.body()
    return response


WAYS: dict[str, Function] = {
    "nothing": nothing,
    "request.body()": body,
    "request.json()": json_,
    "request.form()": form,
    "request.body(), then request.form()": body_then_form,
    "request.stream(), to the end": stream,
    "Request(scope, receive).body()": second_request,
    "request.body() after call_next": body_afterwards,
}


def test_what_each_way_of_reading_leaves_for_the_endpoint(recorded: Recorder) -> None:
    lines = [f"{'the middleware reads':<38}{'GET':<7}{'JSON':<7}form"]
    notes = []
    for way, function in WAYS.items():
        app = endpoints(function)
        results = [
            result(Exchange(app, "GET", "/")),
            result(Exchange(app, "POST", "/json", JSON, (b'{"a"', b": 1}"))),
            result(Exchange(app, "POST", "/form", FORM, (b"number=1",))),
        ]
        for found in results:
            if found.startswith("500 ") and (note := found[4:]) not in notes:
                notes.append(note)
        cells = [found.split(" (")[0] for found in results]
        lines.append(f"{way:<38}{cells[0]:<7}{cells[1]:<7}{cells[2]}")
    assert notes == ["(JSONDecodeError: ", "(RuntimeError: Stream consumed)"]
    recorded("reading.txt", "\n".join(lines))


def test_the_body_reaches_the_endpoint_unchanged() -> None:
    exchange = Exchange(endpoints(body), "POST", "/json", JSON, (b'{"a"', b": 1}"))
    assert result(exchange) == "200"
    assert json.loads(exchange.body()) == {"a": 1}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(wrong_second_request, "SECRET", SECRET)
    monkeypatch.setenv("HOOK_SECRET", SECRET.decode())
    check_signature.get_settings.cache_clear()
    yield
    check_signature.get_settings.cache_clear()


@pytest.mark.parametrize("missing", [None, "", "short"])
def test_without_the_shared_secret_the_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    with TestClient(check_signature.app):
        pass
    if missing is None:
        monkeypatch.delenv("HOOK_SECRET")
    else:
        monkeypatch.setenv("HOOK_SECRET", missing)
    check_signature.get_settings.cache_clear()
    with (
        pytest.raises(ValidationError, match="hook_secret"),
        TestClient(check_signature.app),
    ):
        pass


def test_a_signed_request_reaches_the_endpoint_and_another_is_refused(
    recorded: Recorder,
) -> None:
    client = TestClient(check_signature.app)
    content = b'{"name":"paid"}'
    lines = []
    for headers in (signed(content), signed(b"something else")):
        response = client.post("/hook", content=content, headers=headers)
        lines += ["POST /hook HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += ["", content.decode(), ""]
        lines += [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines += ["", response.text, ""]
    assert "200 OK" in lines[6]
    recorded("signed.http", "\n".join(lines))


def test_a_signed_event_without_a_name_is_no_crash() -> None:
    content = b'{"kind":"paid"}'
    response = TestClient(check_signature.app).post(
        "/hook", content=content, headers=signed(content)
    )
    assert (response.status_code, response.json()) == (200, {"received": 1})


def test_reading_after_call_next_works_where_the_path_operation_did_not_read() -> None:
    app = FastAPI()
    after: list[bytes] = []

    @app.post("/unread")
    async def unread() -> None: ...

    @app.post("/read")
    async def read(item: dict[str, int]) -> None: ...

    @app.middleware("http")
    async def read_late(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        after.append(await request.body())
        return response

    client = TestClient(app)
    client.post("/unread", json={"a": 1})
    assert after == [b'{"a":1}']
    with pytest.raises(RuntimeError, match="Stream consumed"):
        client.post("/read", json={"a": 1})


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b"{"])
def test_any_bytes_can_be_signed(content: bytes) -> None:
    client = TestClient(check_signature.app)
    response = client.post("/hook", content=content, headers=signed(content))
    assert response.status_code in (400, 422)


@pytest.mark.since(fastapi="0.164.0")
@pytest.mark.parametrize("announced", [True, False])
def test_too_large_a_body_is_refused_before_it_is_kept(announced: bool) -> None:
    content = b" " * 1_000_001
    body = content if announced else iter([content])
    client = TestClient(check_signature.app)
    response = client.post("/hook", content=body, headers=signed(content))
    assert response.status_code == 413


async def leave(app: Any) -> Any:
    """Let a client go away in the middle of its upload; return what was answered."""
    messages = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send(message: Any) -> None:
        sent.append(message)

    await app(Exchange(app, "POST", "/hook", JSON).scope, receive, send)
    return sent[0]["status"]


def test_a_client_that_leaves_during_its_upload_raises_client_disconnect() -> None:
    assert asyncio.run(leave(check_signature.app)) == 400
    with pytest.raises(ClientDisconnect):
        asyncio.run(leave(endpoints(body)))


def signed(content: bytes) -> dict[str, str]:
    digest = hmac.digest(SECRET, content, "sha256").hex()
    return JSON | {"X-Signature": digest}


def test_a_second_request_object_leaves_the_endpoint_waiting() -> None:
    content = b'{"name": "paid"}'
    exchange = Exchange(
        wrong_second_request.app, "POST", "/hook", signed(content), (content,)
    )
    assert result(exchange) == "waits"


def test_the_requests_own_body_is_kept_for_the_endpoint() -> None:
    content = b'{"name": "paid"}'
    exchange = Exchange(
        check_signature.app, "POST", "/hook", signed(content), (content,)
    )
    assert result(exchange) == "200"
    assert exchange.body() == b'{"received":1}'
    forged = Exchange(check_signature.app, "POST", "/hook", signed(b"x"), (content,))
    assert result(forged) == "403"


def test_body_in_middleware_holds_back_an_upload_until_it_is_complete() -> None:
    arrived: list[list[int]] = []

    def app_with(function: Function) -> FastAPI:
        app = FastAPI()
        app.middleware("http")(function)

        @app.post("/upload")
        async def upload(request: Request) -> None:
            sizes = [len(chunk) async for chunk in request.stream() if chunk]
            arrived.append(sizes)

        return app

    for function in (nothing, body):
        pieces = (b"x" * 10, b"x" * 20, b"x" * 30)
        exchange = Exchange(app_with(function), "POST", "/upload", body=pieces)
        assert result(exchange) == "200"
    assert arrived == [[10, 20, 30], [60]]


def limited(**options: Any) -> tuple[FastAPI, list[int]]:
    """Return an application with a limit, and the sizes that its middleware read."""
    read: list[int] = []
    app = FastAPI(**options)

    @app.middleware("http")
    async def measure(request: Request, call_next: Next) -> Any:
        read.append(len(await request.body()))
        return await call_next(request)

    @app.post("/all")
    def all_items(item: dict[str, str]) -> None: ...

    @app.post("/one", max_body_size=20)
    def one_item(item: dict[str, str]) -> None: ...

    @app.post("/more", max_body_size=100)
    def more_items(item: dict[str, str]) -> None: ...

    return app, read


@pytest.mark.since(fastapi="0.164.0")
def test_the_limit_of_the_application_bounds_what_middleware_reads() -> None:
    app, read = limited(max_body_size=20)
    exchange = Exchange(app, "POST", "/all", JSON, (b" " * 15, b" " * 15))
    assert result(exchange) == "413"
    assert read == []


@pytest.mark.since(fastapi="0.164.0")
def test_the_limit_of_a_path_operation_comes_too_late_for_middleware() -> None:
    app, read = limited()
    exchange = Exchange(app, "POST", "/one", JSON, (b" " * 15, b" " * 15))
    assert result(exchange) == "413"
    assert read == [30]


@pytest.mark.since(fastapi="0.164.0")
@pytest.mark.parametrize("reads", [True, False])
def test_a_larger_limit_of_a_path_operation_has_no_effect_behind_it(
    reads: bool,
) -> None:
    app, read = limited(max_body_size=20)
    if not reads:
        app.user_middleware.clear()
    pieces = (b" " * 15, b" " * 15, b'{"a": "b"}')
    exchange = Exchange(app, "POST", "/more", JSON, pieces)
    assert result(exchange) == ("413" if reads else "200")
    assert read == []


def test_the_log_of_a_crash_has_no_response(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.add_middleware(log_bodies.LogBodies)

    @app.post("/orders")
    def order(items: dict[str, int]) -> None:
        raise ZeroDivisionError

    client = TestClient(app, raise_server_exceptions=False)
    with caplog.at_level(logging.INFO, "bodies"):
        assert client.post("/orders", json={"a": 1}).status_code == 500
    assert caplog.messages == ["POST '/orders' b'{\"a\":1}' -> no response b''"]


def test_bodies_are_logged_up_to_a_limit(
    caplog: pytest.LogCaptureFixture, recorded: Recorder
) -> None:
    with caplog.at_level(logging.INFO, "bodies"):
        client = TestClient(log_bodies.app)
        assert client.post("/orders", json={"tea": 2, "cup": 1}).text == "3"
        client.post("/orders", json={"tea": "two"})
    recorded("bodies.txt", "\n".join(caplog.messages))
    caplog.clear()
    app = FastAPI()
    app.add_middleware(log_bodies.LogBodies, limit=4)
    app.post("/orders")(log_bodies.order)
    with caplog.at_level(logging.INFO, "bodies"):
        TestClient(app).post("/orders", json={"tea": 2})
    assert caplog.messages == ["POST '/orders' b'{\"te' -> 200 b'2'"]


@pytest.mark.since(fastapi="0.164.0")
def test_a_large_body_is_413_in_the_log_too(caplog: pytest.LogCaptureFixture) -> None:
    wrong = {str(number): "x" for number in range(10_000)}
    with caplog.at_level(logging.INFO, "bodies"):
        answer = TestClient(log_bodies.app).post("/orders", json=wrong)
    assert answer.status_code == 413
    (message,) = caplog.messages
    assert "-> 413" in message


def test_a_line_end_in_the_path_forges_no_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "bodies"):
        TestClient(log_bodies.app).get("/orders%0Aforged")
    (message,) = caplog.messages
    assert "\n" not in message
    assert message.startswith("GET '/orders\\nforged'")


def rows_app(second_row: list[int], exchange: list[Exchange]) -> FastAPI:
    """Return an application that notes how much was sent when it makes a second row."""
    app = FastAPI()

    @app.get("/rows")
    async def rows() -> StreamingResponse:
        async def make() -> AsyncIterator[str]:
            yield "<body>"
            second_row.append(len(exchange[0].body()))
            yield "</body>"

        return StreamingResponse(make(), media_type="text/html")

    return app


def test_logging_does_not_hold_back_a_stream(caplog: pytest.LogCaptureFixture) -> None:
    second_row: list[int] = []
    exchanges: list[Exchange] = []
    app = rows_app(second_row, exchanges)
    app.add_middleware(log_bodies.LogBodies)
    exchanges.append(Exchange(app, "GET", "/rows"))
    with caplog.at_level(logging.INFO, "bodies"):
        assert result(exchanges[0]) == "200"
    assert second_row == [len("<body>")]
    assert caplog.messages == ["GET '/rows' b'' -> 200 b'<body></body>'"]


@pytest.mark.parametrize("form", ["function", "class"])
def test_a_changed_body_holds_back_a_stream_until_its_end(form: str) -> None:
    second_row: list[int] = []
    exchanges: list[Exchange] = []
    app = rows_app(second_row, exchanges)
    if form == "function":
        app.middleware("http")(wrong_rebuilt_response.add_banner)
    else:
        app.add_middleware(banner.Banner)
    exchanges.append(Exchange(app, "GET", "/rows"))
    assert result(exchanges[0]) == "200"
    assert second_row == [0]


def test_the_rebuilt_response_has_the_old_length_and_one_cookie() -> None:
    exchange = Exchange(wrong_rebuilt_response.app, "GET", "/")
    assert result(exchange) == "200"
    assert exchange.headers("content-length") == [str(len(b"<body>Hello</body>"))]
    assert banner.LINE in exchange.body()
    assert len(exchange.headers("set-cookie")) == 1


def test_the_class_corrects_the_length_and_keeps_both_cookies() -> None:
    app = FastAPI()
    app.add_middleware(banner.Banner)
    app.get("/")(wrong_rebuilt_response.home)
    exchange = Exchange(app, "GET", "/")
    assert result(exchange) == "200"
    assert exchange.body() == b"<body>" + banner.LINE + b"Hello</body>"
    assert exchange.headers("content-length") == [str(len(exchange.body()))]
    assert len(exchange.headers("set-cookie")) == 2


def test_the_class_leaves_other_responses_alone() -> None:
    app = FastAPI()
    app.add_middleware(banner.Banner)

    @app.get("/json")
    def as_json() -> str:
        return "<body>"

    @app.get("/failed")
    def failed() -> Response:
        return Response("<body>", 500, media_type="text/html")

    @app.get("/encoded")
    def encoded() -> Response:
        headers = {"Content-Encoding": "x-own"}
        return Response("<body>", headers=headers, media_type="text/html")

    client = TestClient(app)
    assert client.get("/json").json() == "<body>"
    assert client.get("/failed").text == "<body>"
    assert client.get("/encoded").text == "<body>"
    assert banner.LINE.decode() in client.get("/docs").text


def test_the_class_passes_a_response_without_a_list_of_headers() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"<body>"})

    app = FastAPI()
    app.add_middleware(banner.Banner)
    app.mount("/bare", bare)
    assert TestClient(app).get("/bare/").text == "<body>"


def test_the_class_changes_a_file_where_the_server_could_send_it_by_its_path(
    tmp_path: Path,
) -> None:
    (tmp_path / "page.html").write_text("<body>Hello</body>")
    app = FastAPI()
    app.add_middleware(banner.Banner)
    app.mount("/", StaticFiles(directory=tmp_path))
    exchange = Exchange(app, "GET", "/page.html")
    exchange.scope["extensions"] = {"http.response.pathsend": {}}
    assert result(exchange) == "200"
    assert exchange.body() == b"<body>" + banner.LINE + b"Hello</body>"


def test_no_part_of_the_old_body_can_be_joined_to_the_changed_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "page.html").write_text("<body>Hello</body>")
    files = StaticFiles(directory=tmp_path)
    old = TestClient(files).get("/page.html").headers
    new = TestClient(banner.Banner(files)).get("/page.html")
    assert banner.LINE.decode() in new.text
    for name in ("ETag", "Last-Modified", "Accept-Ranges"):
        assert name in old
        assert name not in new.headers


def test_a_page_that_was_cached_before_is_still_a_304(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<body>Hello</body>")
    files = StaticFiles(directory=tmp_path)
    old = TestClient(files).get("/page.html").headers
    for name, value in (
        ("If-None-Match", old["ETag"]),
        ("If-Modified-Since", old["Last-Modified"]),
    ):
        client = TestClient(banner.Banner(files))
        assert client.get("/page.html", headers={name: value}).status_code == 304


def test_the_class_announces_no_length_to_head(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<body>Hello</body>")
    app = FastAPI()
    app.add_middleware(banner.Banner)
    app.mount("/", StaticFiles(directory=tmp_path))
    length = len(b"<body>" + banner.LINE + b"Hello</body>")
    get = Exchange(app, "GET", "/page.html")
    assert result(get) == "200"
    assert get.headers("content-length") == [str(length)]
    head = Exchange(app, "HEAD", "/page.html")
    assert result(head) == "200"
    assert head.headers("content-length") == []


@pytest.mark.parametrize(("gzip_last", "changed"), [(True, True), (False, False)])
def test_a_class_that_changes_bodies_belongs_inside_gzip(
    gzip_last: bool, changed: bool
) -> None:
    app = FastAPI()
    app.get("/")(banner.home)
    if gzip_last:
        app.add_middleware(banner.Banner)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    if not gzip_last:
        app.add_middleware(banner.Banner)
    response = TestClient(app).get("/")
    assert response.headers["Content-Encoding"] == "gzip"
    assert (banner.LINE.decode() in response.text) is changed


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


class Server(uvicorn.Server):
    """A server that tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


async def serve(app: Any, listener: socket.socket, http: Any = "auto") -> str:
    """Return the text that a client of Uvicorn gets, or the name of its exception."""
    config = uvicorn.Config(
        app, log_config=None, http=http, lifespan="off", access_log=False
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(PATIENCE):
            await server.ready.wait()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            async with httpx2.AsyncClient() as client:
                try:
                    return (await client.get(url)).text
                except httpx2.RemoteProtocolError as error:
                    return type(error).__name__
    finally:
        server.should_exit = True
        await serving


async def log_and_return(request: Request, call_next: Next) -> Any:
    response = await call_next(request)
    assert [chunk async for chunk in response.body_iterator]
    return response


def test_the_pieces_of_a_stream_that_fails_end_as_if_it_were_whole() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise LookupError

    async def collect(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        pieces = [piece async for piece in response.body_iterator]
        return Response(b"".join(pieces), response.status_code)

    app = FastAPI()
    app.middleware("http")(collect)
    app.get("/")(lambda: StreamingResponse(broken()))
    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (200, "first")
    assert response.headers["Content-Length"] == "5"


@pytest.mark.parametrize(
    ("http", "function", "text"),
    [
        (
            "httptools",
            wrong_rebuilt_response.add_banner,
            r"Response content longer than Content-Length",
        ),
        ("httptools", log_and_return, r"Response content shorter than Content-Length"),
        (
            "h11",
            wrong_rebuilt_response.add_banner,
            r"Too much data for declared Content-Length",
        ),
        ("h11", log_and_return, r"Too little data for declared Content-Length"),
    ],
)
def test_a_server_breaks_off_a_body_that_is_not_as_long_as_announced(
    http: str,
    function: Function,
    text: str,
    listener: socket.socket,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    app.get("/")(banner.home)
    app.middleware("http")(function)
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(caplog.handler)
    try:
        got = asyncio.run(serve(app, listener, http))
    finally:
        logger.removeHandler(caplog.handler)
    assert got == "RemoteProtocolError"
    errors = [str(entry.exc_info[1]) for entry in caplog.records if entry.exc_info]
    assert any(re.match(text, error) for error in errors)


def test_a_server_delivers_what_the_class_has_changed(listener: socket.socket) -> None:
    text = asyncio.run(serve(banner.app, listener))
    assert text == f"<body>{banner.LINE.decode()}Hello</body>"


def test_test_client_does_not_notice_a_wrong_length() -> None:
    response = TestClient(wrong_rebuilt_response.app).get("/")
    assert banner.LINE.decode() in response.text
    app = FastAPI()
    app.get("/")(banner.home)
    app.middleware("http")(log_and_return)
    assert TestClient(app).get("/").text == ""


def test_a_file_is_a_dict_where_the_server_sends_it_by_its_path() -> None:
    pieces: list[Any] = []

    async def collect(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        pieces.extend([piece async for piece in response.body_iterator])
        return Response(status_code=response.status_code)

    app = FastAPI()
    app.middleware("http")(collect)
    app.get("/")(lambda: FileResponse(__file__))
    assert result(Exchange(app, "GET", "/")) == "200"
    assert all(isinstance(piece, bytes) for piece in pieces)
    pieces.clear()
    exchange = Exchange(app, "GET", "/")
    exchange.scope["extensions"] = {"http.response.pathsend": {}}
    assert result(exchange) == "200"
    assert pieces == [{"type": "http.response.pathsend", "path": __file__}]


def test_uvicorn_leaves_the_log_of_bodies_without_a_level_or_a_handler() -> None:
    assert "root" not in uvicorn.config.LOGGING_CONFIG
    names = uvicorn.config.LOGGING_CONFIG["loggers"]
    assert all(name.startswith("uvicorn") for name in names)
    assert logging.getLogger("bodies").level == logging.NOTSET


def test_a_body_that_is_set_on_the_response_is_ignored() -> None:
    app = FastAPI()
    app.get("/")(banner.home)

    @app.middleware("http")
    async def replace(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        assert not hasattr(response, "body")
        response.body = b"<body>Other</body>"
        return response

    assert TestClient(app).get("/").text == "<body>Hello</body>"


async def raw_body(request: Request) -> bytes:
    return await request.body()


def test_a_dependency_can_read_the_body_unless_it_is_a_form() -> None:
    app = FastAPI()
    Raw = Annotated[bytes, Depends(raw_body)]

    @app.post("/json")
    def read_json(item: dict[str, int], raw: Raw) -> str:
        return raw.decode()

    @app.post("/form")
    def read_form(number: Annotated[int, Form()], raw: Raw) -> None: ...

    client = TestClient(app)
    assert client.post("/json", json={"a": 1}).json() == '{"a":1}'
    with pytest.raises(RuntimeError, match="Stream consumed"):
        client.post("/form", data={"number": 1})


def test_a_handler_for_validation_errors_has_the_body() -> None:
    app = FastAPI()

    @app.post("/json")
    def read_json(item: dict[str, int]) -> None: ...

    @app.exception_handler(RequestValidationError)
    def show(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(error.body, 422)

    response = TestClient(app).post("/json", json={"a": "b"})
    assert response.json() == {"a": "b"}


def test_a_wrapped_receive_can_replace_the_request_body() -> None:
    class Replace:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def replaced() -> Message:
                message = await receive()
                if message["type"] == "http.request":
                    message["body"] = message["body"].replace(b"pounds", b"kg")
                return message

            await self.app(scope, replaced, send)

    app = FastAPI()
    app.add_middleware(Replace)

    @app.post("/")
    def read(item: dict[str, str]) -> dict[str, str]:
        return item

    response = TestClient(app).post("/", json={"unit": "pounds"})
    assert response.json() == {"unit": "kg"}


def test_gzip_middleware_does_not_decompress_requests() -> None:
    app = FastAPI()
    app.add_middleware(GZipMiddleware)
    received = []

    @app.post("/")
    async def read(request: Request) -> None:
        received.append(await request.body())

    TestClient(app).post(
        "/", content=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"}
    )
    assert received == [b"\x1f\x8b\x08"]

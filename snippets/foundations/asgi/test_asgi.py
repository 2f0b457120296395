import asyncio
import contextlib
import hashlib
import http.client
import logging
import socket
import textwrap
import threading
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    MutableMapping,
)
from types import ModuleType
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from snippets.foundations.asgi import (
    call_fastapi,
    every_piece,
    hand_written,
    wrong_first_piece,
)

Message = MutableMapping[str, Any]
SHOWN = ("type", "asgi", "method", "path", "query_string")
PATIENCE = 30.0


@contextlib.contextmanager
def uvicorn_serves(app: ASGIApp) -> Iterator[int]:
    """Run the application under Uvicorn in a thread, and give the port."""
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


class Recorder:
    """An ASGI application around another one that writes down what passes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.lines: list[str] = []
        self.scopes: list[dict[str, Any]] = []
        self.changed_scopes = 0
        self.first_piece = threading.Event()
        self.answer_to_nonsense = b""
        self.close_code: int | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        shown = [f"{key!r}: {scope[key]!r}" for key in SHOWN if key in scope]
        self.lines.append(f"scope    {{{', '.join(shown)}, …}}")
        before = dict(scope)
        self.scopes.append(before)

        async def recording_receive() -> Message:
            message: Message = await receive()
            self.lines.append(f"receive  {message}")
            if message["type"] == "http.request":
                self.first_piece.set()
            return message

        async def recording_send(message: Message) -> None:
            self.lines.append(f"send     {message}")
            await send(message)

        await self.app(scope, recording_receive, recording_send)
        self.changed_scopes += dict(scope) != before


def post_in_two_pieces(port: int, first_piece_arrived: threading.Event) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/notes?draft=1")
        connection.putheader("Content-Length", "11")
        connection.endheaders(b"Hello, ")
        assert first_piece_arrived.wait(PATIENCE)
        connection.send(b"ASGI")
        return connection.getresponse().read().decode()


@pytest.fixture(scope="module")
def session() -> Recorder:
    """What Uvicorn exchanged with the hand-written application from start to stop."""
    recorder = Recorder(hand_written.app)
    with uvicorn_serves(recorder) as port:
        address = f"127.0.0.1:{port}"
        post_in_two_pieces(port, recorder.first_piece)
        with httpx2.Client(base_url=f"http://{address}") as client:
            client.get("/first")
            client.get("/second")  # the same TCP connection
        with connect(f"ws://{address}/chat") as websocket:
            for text in ("one", "two", "three"):
                websocket.send(text)
                assert websocket.recv() == f"echo: {text}"
        with connect(f"ws://{address}/chat") as websocket:
            websocket.send(b"binary")
            with pytest.raises(ConnectionClosed):
                websocket.recv()
            recorder.close_code = websocket.close_code
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client_socket:
            client_socket.sendall(b"NONSENSE\r\n\r\n")
            recorder.answer_to_nonsense = client_socket.recv(100)
    return recorder


def test_the_messages_of_a_start_a_request_and_a_stop(recorded: Any) -> None:
    recorder = Recorder(hand_written.app)
    with uvicorn_serves(recorder) as port:
        answer = post_in_two_pieces(port, recorder.first_piece)
    assert answer == "POST /notes: 11 bytes\n"
    start, request, stop = (
        recorder.lines[:3],
        recorder.lines[3:-2],
        recorder.lines[-2:],
    )
    lines = [*start, "", *request, "", *stop]
    folded = [
        textwrap.fill(line, 84, subsequent_indent=" " * 10, break_on_hyphens=False)
        for line in lines
    ]
    recorded("messages.txt", "\n".join(folded))


def test_one_app_answers_http_websocket_and_lifespan(session: Recorder) -> None:
    types = {scope["type"] for scope in session.scopes}
    assert types == {"http", "websocket", "lifespan"}
    messages = " ".join(session.lines)
    assert "POST /notes: 11 bytes" in messages
    assert "echo: three" in messages
    assert "lifespan.shutdown.complete" in messages


def test_a_binary_message_ends_the_echo_and_not_the_application(
    session: Recorder,
) -> None:
    assert session.close_code == 1003


def test_headers_are_pairs_of_bytes(session: Recorder) -> None:
    pairs = session.scopes[1]["headers"]
    assert pairs
    assert {type(part) for pair in pairs for part in pair} == {bytes}


def test_a_response_can_be_streamed_in_several_body_messages() -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"one ", b"two "):
            message = {"type": "http.response.body", "body": piece}
            await send(message | {"more_body": True})
        await send({"type": "http.response.body"})

    with uvicorn_serves(app) as port:
        assert httpx2.get(f"http://127.0.0.1:{port}/").text == "one two "


def test_the_lifespan_of_fastapi_runs_on_the_lifespan_scope() -> None:
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("startup")
        yield
        events.append("shutdown")

    with uvicorn_serves(FastAPI(lifespan=lifespan)):
        assert events == ["startup"]
    assert events == ["startup", "shutdown"]


def test_the_app_is_called_once_per_request_and_once_per_websocket(
    session: Recorder,
) -> None:
    calls = [(scope["type"], scope["path"]) for scope in session.scopes[1:]]
    assert calls == [
        ("http", "/notes"),
        ("http", "/first"),
        ("http", "/second"),
        ("websocket", "/chat"),
        ("websocket", "/chat"),
    ]
    first, second = session.scopes[2:4]
    assert first["client"] == second["client"]  # one connection, two calls


def test_lifespan_is_a_call_of_its_own_that_starts_before_any_connection(
    session: Recorder,
) -> None:
    first, *connections = session.scopes
    assert first["type"] == "lifespan"
    assert not {"headers", "path", "client"} & first.keys()
    assert "lifespan" not in {scope["type"] for scope in connections}
    assert session.lines[2] == "send     {'type': 'lifespan.startup.complete'}"
    assert session.lines[-1] == "send     {'type': 'lifespan.shutdown.complete'}"


def test_the_scope_holds_the_headers_and_what_happens_later_comes_as_events(
    session: Recorder,
) -> None:
    scope = session.scopes[1]
    assert (b"content-length", b"11") in scope["headers"]
    assert "body" not in scope
    received = [line for line in session.lines if "http.request" in line]
    assert len(received) == 4  # the body of the POST in two events, two empty bodies
    assert session.changed_scopes == 0


def test_uvicorn_answers_what_is_not_http_without_calling_the_app(
    session: Recorder,
) -> None:
    assert session.answer_to_nonsense.startswith(b"HTTP/1.1 400 Bad Request")
    assert len(session.scopes) == 6


def test_uvicorn_names_the_versions_of_the_specifications(session: Recorder) -> None:
    versions = {scope["type"]: scope["asgi"] for scope in session.scopes}
    assert versions == {
        "lifespan": {"version": "3.0", "spec_version": "2.0"},
        "http": {"version": "3.0", "spec_version": "2.3"},
        "websocket": {"version": "3.0", "spec_version": "2.4"},
    }


def test_a_fastapi_application_is_an_asgi_callable(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(call_fastapi.get("/hello/asgi"))
    recorded("fastapi.txt", capsys.readouterr().out)


def test_a_streamed_answer_of_the_application_ends_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    streaming = FastAPI()

    @streaming.get("/")
    def pieces() -> StreamingResponse:
        return StreamingResponse(iter([b"one", b"two"]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls = 0

        async def counted() -> Message:
            nonlocal calls
            calls += 1
            assert calls < 100, "the application asks without end"
            return await receive()

        await streaming(scope, counted, send)

    monkeypatch.setattr(call_fastapi, "app", app)
    asyncio.run(call_fastapi.get("/"))
    assert "b'two'" in capsys.readouterr().out


def test_an_asgi_app_runs_without_any_server() -> None:
    async def get() -> str:
        transport = httpx2.ASGITransport(hand_written.app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            return (await client.get("/here")).text

    assert asyncio.run(get()) == "GET /here: 0 bytes\n"


def test_an_unknown_scope_type_is_refused() -> None:
    async def never() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    with pytest.raises(NotImplementedError):
        asyncio.run(hand_written.app({"type": "smtp"}, never, send))


async def order_of_two_calls(wait: Callable[[], Awaitable[None] | None]) -> list[str]:
    """Call an ASGI application twice at once; ``wait`` stands for slow work."""
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        order.append(f"enter {scope['path']}")
        waiting = wait()
        if waiting is not None:
            await waiting
        order.append(f"leave {scope['path']}")

    await asyncio.gather(*(app({"path": path}, None, None) for path in "ab"))
    return order


def test_an_asgi_app_that_blocks_handles_one_request_at_a_time() -> None:
    def block() -> None:
        """Stand for any call that takes its time without an await."""

    order = asyncio.run(order_of_two_calls(block))
    assert order == ["enter a", "leave a", "enter b", "leave b"]
    order = asyncio.run(order_of_two_calls(lambda: asyncio.sleep(0)))
    assert order == ["enter a", "enter b", "leave a", "leave b"]


async def http_only(scope: Message, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise NotImplementedError
    await hand_written.app(scope, receive, send)


def test_uvicorn_goes_on_without_the_lifespan_that_an_app_refuses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with uvicorn_serves(http_only) as port:
        assert httpx2.get(f"http://127.0.0.1:{port}/").status_code == 200
    message = "ASGI 'lifespan' protocol appears unsupported."
    levels = [entry[1] for entry in caplog.record_tuples if entry[2] == message]
    assert levels == [logging.INFO]


def test_with_lifespan_on_uvicorn_does_not_start_such_an_app(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = uvicorn.Config(http_only, lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    with contextlib.suppress(SystemExit):  # newer releases exit
        server.run()
    assert not server.started
    assert "Application startup failed. Exiting." in caplog.messages


def test_an_exception_in_the_lifespan_of_fastapi_stops_uvicorn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if app.routes:
            raise ValueError
        yield

    caplog.set_level(logging.INFO)
    server = uvicorn.Server(uvicorn.Config(FastAPI(lifespan=lifespan), log_config=None))
    with contextlib.suppress(SystemExit):  # newer releases exit
        server.run()
    assert not server.started
    assert "Application startup failed. Exiting." in caplog.messages
    assert "ASGI 'lifespan' protocol appears unsupported." not in caplog.messages


def test_uvicorn_calls_the_app_before_it_meets_a_malformed_body() -> None:
    recorder = Recorder(hand_written.app)
    with (
        uvicorn_serves(recorder) as port,
        socket.create_connection(("127.0.0.1", port), PATIENCE) as client,
    ):
        lines = ["POST / HTTP/1.1", "Host: test", "Transfer-Encoding: chunked"]
        client.sendall("\r\n".join([*lines, "", "1", "x", ""]).encode())
        assert recorder.first_piece.wait(PATIENCE)
        client.sendall(b"nonsense\r\n")
        client.recv(100)
    assert [scope["type"] for scope in recorder.scopes] == ["lifespan", "http"]


async def digest(module: ModuleType, pieces: list[bytes]) -> str:
    messages = [
        {"type": "http.request", "body": piece, "more_body": piece != pieces[-1]}
        for piece in pieces
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await module.app({"type": "http"}, receive, send)
    answer: str = sent[1]["body"].decode()
    return answer


WHOLE = hashlib.sha256(b"Hello, ASGI").hexdigest()


def test_one_receive_gives_only_the_first_piece_of_a_body() -> None:
    assert asyncio.run(digest(wrong_first_piece, [b"Hello, ASGI"])) == WHOLE
    wrong = asyncio.run(digest(wrong_first_piece, [b"Hello, ", b"ASGI"]))
    assert wrong == hashlib.sha256(b"Hello, ").hexdigest()


def test_receiving_until_more_body_is_false_gives_the_whole_body() -> None:
    assert asyncio.run(digest(every_piece, [b"Hello, ASGI"])) == WHOLE
    assert asyncio.run(digest(every_piece, [b"Hello, ", b"ASGI"])) == WHOLE


def test_uvicorn_delivers_a_body_in_pieces(session: Recorder) -> None:
    pieces = [line for line in session.lines if "http.request" in line][:2]
    assert "'more_body': True" in pieces[0]
    assert "'more_body': False" in pieces[1]


@pytest.mark.parametrize("module", [hand_written, every_piece])
def test_nothing_is_answered_after_a_disconnect_in_the_middle_of_the_body(
    module: ModuleType,
) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"Hello, ", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(module.app({"type": "http"}, receive, send))
    assert sent == []

import ast
import asyncio
import contextlib
import importlib.util
import json
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from types import ModuleType
from typing import Any, Literal

import httpx2
import pytest
import uvicorn
from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    WebSocket,
    WebSocketException,
)
from fastapi.testclient import TestClient
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from snippets.conftest import until
from snippets.websockets.websocket_endpoint import (
    broadcast,
    checked_message,
    echo,
    sends_and_receives,
    wrong_manager,
    wrong_missing_import,
    wrong_only_sends,
    wrong_unchecked_message,
)

PATIENCE = 30.0


def open_socket(url: str, path: str) -> Any:
    return connect(f"ws{url.removeprefix('http')}{path}", open_timeout=PATIENCE)


def close_code(url: str, path: str, *messages: str | bytes) -> int:
    """Send messages, read until the end, and return the close code the client sees."""
    with open_socket(url, path) as client:
        for message in messages:
            client.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE)
    received = closed.value.rcvd
    return received.code if received else 1006


def test_the_echo_answers_and_ends_when_the_client_leaves(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    with TestClient(echo.app) as app, app.websocket_connect("/echo") as client:
        client.send_text("hi")
        answer = client.receive_text()
        client.close(1001, "tab closed")
    assert answer == "hi"
    printed = capsys.readouterr().out
    assert printed == "client left: 1001 tab closed\n"
    lines = ["client  hi", f"server  {answer}", "client  close 1001 tab closed"]
    recorded("echo.txt", "\n".join([*lines, f"prints  {printed}"]))


def test_without_the_import_the_first_disconnect_is_a_name_error() -> None:
    def hi_and_bye() -> None:
        with TestClient(wrong_missing_import.app).websocket_connect("/echo") as client:
            client.send_text("hi")
            assert client.receive_text() == "hi"

    with pytest.raises(NameError, match="'WebSocketDisconnect' is not defined"):
        hi_and_bye()


def test_a_parenthesis_after_the_handler_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        ast.parse('print("WebSocket disconnected")\n)')


class Ends:
    """What an endpoint sees when its connection ends."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.codes: list[int] = []
        self.seen = threading.Event()

        @self.app.websocket("/ws")
        async def endpoint(websocket: WebSocket) -> None:
            await websocket.accept()
            try:
                await websocket.receive_text()
            except WebSocketDisconnect as gone:
                self.codes.append(gone.code)
                self.seen.set()


def test_a_close_by_the_client_brings_its_code(serve: Any) -> None:
    ends = Ends()
    with serve(ends.app) as (url, _), open_socket(url, "/ws") as client:
        client.close(1001)
        assert ends.seen.wait(PATIENCE)
    assert ends.codes == [1001]


def test_a_lost_connection_is_1005_under_the_default_server(serve: Any) -> None:
    ends = Ends()
    with serve(ends.app) as (url, _), open_socket(url, "/ws") as client:
        client.socket.shutdown(socket.SHUT_RDWR)
        assert ends.seen.wait(PATIENCE)
    assert ends.codes == [1005]


def test_a_stopping_server_closes_with_1012(serve: Any) -> None:
    ends = Ends()
    with serve(ends.app) as (url, server), open_socket(url, "/ws") as client:
        server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert ends.codes == [1012]


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_a_client_that_answers_no_ping_is_closed_with_1011(serve: Any) -> None:
    ends = Ends()
    options = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.05}
    with serve(ends.app, **options) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            client.sendall(HANDSHAKE)
            data = b"".join(iter(lambda: client.recv(1024), b""))
        assert ends.seen.wait(PATIENCE)
    assert data.endswith((1011).to_bytes(2, "big") + b"keepalive ping timeout")
    assert ends.codes == [1005]


def test_uvicorn_pings_every_20_seconds_and_waits_20_seconds() -> None:
    config = uvicorn.Config("app")
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (20.0, 20.0)
    assert config.ws_max_size == 16 * 1024 * 1024


@pytest.mark.parametrize("error", [None, ValueError(), HTTPException(409)])
def test_an_endpoint_that_returns_or_raises_drops_the_connection_without_a_close_frame(
    serve: Any, error: Exception | None
) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        if error:
            raise error

    with serve(app) as (url, _):
        assert close_code(url, "/ws") == 1006


def test_a_websocket_exception_after_accept_closes_with_its_code(serve: Any) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        raise WebSocketException(1008)

    with serve(app) as (url, _):
        assert close_code(url, "/ws") == 1008


def test_receiving_before_accept_raises_websocket_disconnected() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.receive_text()

    with (
        pytest.raises(WebSocketDisconnected, match='Need to call "accept" first'),
        TestClient(app).websocket_connect("/ws"),
    ):
        pass


def test_receiving_after_our_own_close_asks_for_accept_too() -> None:
    app = FastAPI()
    errors: list[str] = []

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()
        try:
            await websocket.receive_text()
        except WebSocketDisconnected as error:
            errors.append(str(error))

    with TestClient(app).websocket_connect("/ws") as client:
        assert client.receive()["type"] == "websocket.close"
    assert 'Need to call "accept" first' in errors[0]


def errors_after_the_client_left(
    serve: Any, use: Callable[[WebSocket], Awaitable[None]]
) -> list[Exception]:
    """Use a socket whose client has left; return what that raised."""
    app = FastAPI()
    errors: list[Exception] = []
    left, done = threading.Event(), threading.Event()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await asyncio.to_thread(left.wait, PATIENCE)
        try:
            await use(websocket)
        except Exception as error:
            errors.append(error)
        done.set()

    with serve(app) as (url, _):
        with open_socket(url, "/ws"):
            pass
        left.set()
        assert done.wait(PATIENCE)
    return errors


def test_receiving_after_a_send_to_a_client_that_left_asks_for_accept_too(
    serve: Any,
) -> None:
    async def send_and_receive(websocket: WebSocket) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.send_text("x")
        await websocket.receive_text()

    (error,) = errors_after_the_client_left(serve, send_and_receive)
    assert isinstance(error, WebSocketDisconnected)
    assert 'Need to call "accept" first' in str(error)


def used_after(close: bool) -> list[Exception]:
    """Use a socket after our own close, or after the client's; return the errors."""
    app = FastAPI()
    errors: list[Exception] = []

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        if close:
            await websocket.close()
        else:
            with contextlib.suppress(WebSocketDisconnect):
                await websocket.receive_text()
        call = websocket.send_text("x") if close else websocket.receive_text()
        try:
            await call
        except Exception as error:
            errors.append(error)

    with TestClient(app).websocket_connect("/ws") as client:
        if close:
            assert client.receive()["type"] == "websocket.close"
    return errors


@pytest.mark.parametrize("close", [True, False])
def test_a_socket_that_is_used_after_its_end_raises_websocket_disconnected(
    close: bool,
) -> None:
    (error,) = used_after(close)
    call, what = ("send", "a close") if close else ("receive", "a disconnect")
    assert f'Cannot call "{call}" once {what} message has been' in str(error)
    assert type(error) is WebSocketDisconnected
    assert isinstance(error, RuntimeError)
    assert not isinstance(error, WebSocketDisconnect)


def test_sending_to_a_client_that_left_raises_websocket_disconnect(serve: Any) -> None:
    (error,) = errors_after_the_client_left(serve, lambda ws: ws.send_text("x"))
    assert isinstance(error, WebSocketDisconnect)
    assert error.code == 1006


def test_the_test_client_raises_nothing_for_what_is_sent_after_it_left() -> None:
    app = FastAPI()
    sent: list[str] = []

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        await websocket.send_text("x")
        sent.append("x")

    with TestClient(app).websocket_connect("/ws"):
        pass
    assert sent == ["x"]


def test_a_disconnect_that_nobody_catches_is_logged_as_an_error(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    with serve(app) as (url, _), open_socket(url, "/ws"):
        pass
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [r.message.strip() for r in errors] == ["Exception in ASGI application"]
    assert errors[0].exc_info is not None
    assert isinstance(errors[0].exc_info[1], WebSocketDisconnect)


@pytest.mark.parametrize("message", ["no JSON", '{"quantity": 1}', "[]"])
def test_an_unchecked_message_breaks_the_connection(serve: Any, message: str) -> None:
    with serve(wrong_unchecked_message.app) as (url, _):
        assert close_code(url, "/orders", message) == 1006


def test_receive_json_of_a_text_that_is_no_json_raises_json_decode_error() -> None:
    client = TestClient(wrong_unchecked_message.app)
    with pytest.raises(json.JSONDecodeError), client.websocket_connect("/orders") as ws:
        ws.send_text("no JSON")


def test_a_checked_message_is_answered_and_the_connection_goes_on(
    recorded: Any,
) -> None:
    lines = []
    with TestClient(checked_message.app).websocket_connect("/orders") as client:
        for text in ("no JSON", '{"quantity": 2}', '{"quantity": 2, "price": 5}'):
            client.send_text(text)
            lines += [f"client  {text}", f"server  {client.receive_text()}"]
    recorded("orders.txt", "\n".join(lines))


def test_a_huge_number_is_an_error_of_the_message_and_the_connection_goes_on() -> None:
    huge = "9" * 4000
    with TestClient(checked_message.app).websocket_connect("/orders") as client:
        client.send_text(f'{{"quantity": {huge}, "price": {huge}}}')
        assert client.receive_json() == {"errors": 2}
        client.send_text('{"quantity": 2, "price": 5}')
        assert client.receive_json() == {"total": 10}


def test_a_client_that_leaves_before_its_answer_ends_the_checked_endpoint_quietly() -> (
    None
):
    async def steps() -> None:
        left = OSError("as Uvicorn raises when the client has left")
        async with clients("/orders", checked_message.app) as (client,):
            client.gone = left
            client.text("1")
            await client.task
            assert client.task.exception() is None

    run(steps())


def test_a_client_that_never_reads_keeps_its_connection_and_a_graceful_shutdown(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sends_and_receives, "SEND_SECONDS", 0.2)
    app = FastAPI()
    app.include_router(sends_and_receives.app.router)
    ended = threading.Event()

    class Ended:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)
            if scope["type"] == "websocket":
                ended.set()

    app.add_middleware(Ended)

    @app.post("/publish")
    async def publish() -> None:
        for _ in range(50):
            sends_and_receives.publish("x" * 1_000_000)

    class Waits(logging.Handler):
        seen = threading.Event()

        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("Waiting for connections to close"):
                self.seen.set()

    caplog.set_level(logging.INFO)
    logger, handler = logging.getLogger("uvicorn.error"), Waits()
    logger.addHandler(handler)
    try:
        with serve(app) as (url, server):
            host, port = url.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), PATIENCE) as client:
                client.sendall(HANDSHAKE.replace(b"/ws", b"/news"))
                assert client.recv(12) == b"HTTP/1.1 101"
                httpx2.post(f"{url}/publish", timeout=PATIENCE)
                assert ended.wait(PATIENCE)
                server.should_exit = True
                assert handler.seen.wait(PATIENCE)
                assert len(server.server_state.connections) == 1
    finally:
        logger.removeHandler(handler)


def test_sending_before_accept_is_a_plain_runtime_error() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.send_text("x")

    with (
        pytest.raises(RuntimeError, match="Expected ASGI message") as e,
        TestClient(app).websocket_connect("/ws"),
    ):
        pass
    assert type(e.value) is RuntimeError


def test_receive_text_of_a_binary_message_is_a_key_error() -> None:
    client = TestClient(echo.app)
    with pytest.raises(KeyError, match="text"), client.websocket_connect("/echo") as ws:
        ws.send_bytes(b"hi")


def test_an_endpoint_that_only_sends_does_not_notice_that_the_client_left(
    serve: Any,
) -> None:
    app = FastAPI()
    app.include_router(wrong_only_sends.app.router)

    @app.get("/barrier")
    async def barrier() -> int:
        return len(wrong_only_sends.queues)

    with (
        serve(app, timeout_graceful_shutdown=0) as (url, _),
        httpx2.Client(base_url=url, timeout=PATIENCE) as client,
    ):
        with open_socket(url, "/news"):
            pass  # the closing handshake is complete here
        for _ in range(10):  # the event loop has had its turns
            assert client.get("/barrier").json() == 1


class Client:
    """A WebSocket client of an application in the same event loop."""

    def __init__(self, app: Any, path: str) -> None:
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.outbox: asyncio.Queue[Message] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.gone: OSError | None = None
        self.reading.set()
        scope = {"type": "websocket", "path": path, "headers": [], "query_string": b""}
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app(scope, self.inbox.get, self.take))

    async def take(self, message: Message) -> None:
        await self.reading.wait()  # as Uvicorn does while the write buffer is full
        if self.gone:
            raise self.gone
        self.outbox.put_nowait(message)

    def text(self, text: str) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def next(self) -> Message:
        return await self.outbox.get()


@contextlib.asynccontextmanager
async def clients(path: str, *apps: Any) -> AsyncIterator[list[Client]]:
    """Open one connection for each application."""
    opened = [Client(app, path) for app in apps]
    for client in opened:
        assert (await client.next())["type"] == "websocket.accept"
    await settle()
    try:
        yield opened
    finally:
        for client in opened:
            client.reading.set()
        await settle()
        for client in opened:
            client.leave()
            await settle()
        await asyncio.gather(*(client.task for client in opened))


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(100):
        await asyncio.sleep(0)


def run(steps: Coroutine[Any, Any, None]) -> None:
    async def main() -> None:
        async with asyncio.timeout(PATIENCE):
            await steps

    asyncio.run(main())


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "memory", broadcast.MemoryBroker())
    for module in (sends_and_receives, wrong_only_sends):
        monkeypatch.setattr(module, "queues", set())
    monkeypatch.setattr(wrong_manager, "connections", set())


def test_reading_as_well_ends_the_endpoint_when_the_client_leaves() -> None:
    async def steps() -> None:
        async with clients("/news", sends_and_receives.app) as (client,):
            (queue,) = sends_and_receives.queues
            queue.put_nowait("news")
            assert (await client.next())["text"] == "news"
            client.leave()
            await client.task
        assert sends_and_receives.queues == set()

    run(steps())


def another_worker(module: ModuleType) -> ModuleType:
    """Import the module again, as a second worker process does."""
    spec = importlib.util.find_spec(module.__name__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


def test_a_set_of_connections_reaches_only_the_clients_of_its_own_process() -> None:
    async def steps() -> None:
        other = another_worker(wrong_manager)
        apps = (wrong_manager.app, wrong_manager.app, other.app)
        async with clients("/chat", *apps) as (ann, bob, cleo):
            ann.text("hi")
            assert (await bob.next())["text"] == "hi"
            await settle()
            assert cleo.outbox.empty()

    run(steps())


def test_a_shared_broker_reaches_the_clients_of_every_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps() -> None:
        other = another_worker(broadcast)
        monkeypatch.setattr(other, "memory", broadcast.memory)  # stands for Redis
        async with clients("/chat", broadcast.app, other.app) as (ann, cleo):
            ann.text("hi")
            assert (await cleo.next())["text"] == "hi"

    run(steps())


def test_one_slow_client_holds_up_a_loop_over_all_connections() -> None:
    async def steps() -> None:
        app = wrong_manager.app
        async with clients("/chat", app, app) as (sender, slow):
            slow.reading.clear()
            sender.text("1")
            sender.text("2")
            await settle()
            assert sender.outbox.qsize() <= 1  # the loop is stuck in the first message

    run(steps())


def test_a_queue_per_client_keeps_the_others_going_and_a_slow_one_misses_the_oldest() -> (
    None
):
    async def steps() -> None:
        async with clients("/chat", broadcast.app, broadcast.app) as (fast, slow):
            slow.reading.clear()
            for number in range(150):
                fast.text(str(number))
                assert (await fast.next())["text"] == str(number)
            slow.reading.set()
            await settle()
            messages = [slow.outbox.get_nowait() for _ in range(slow.outbox.qsize())]
            assert messages[-1]["text"] == "149"
            assert 100 <= len(messages) < 150

    run(steps())


def test_a_client_that_leaves_right_after_its_message_ends_without_an_error() -> None:
    async def steps() -> None:
        async with clients("/chat", broadcast.app) as (client,):
            client.gone = OSError()  # as Uvicorn raises it
            client.text("1")
            client.text("2")
            await settle()
            assert client.task.exception() is None
        async with clients("/news", sends_and_receives.app) as (client,):
            client.gone = OSError()
            sends_and_receives.publish("1")
            client.text("2")
            await settle()
            assert client.task.exception() is None

    run(steps())


def test_a_message_that_is_too_long_waits_in_no_queue() -> None:
    async def steps() -> None:
        async with clients("/chat", broadcast.app) as (client,):
            client.text("x" * 2001)
            client.text("hi")
            assert (await client.next())["text"] == "hi"

    run(steps())


def test_a_burst_of_one_client_costs_the_others_no_message(serve: Any) -> None:
    masked_x = b"\x81\x81\0\0\0\0x"
    with serve(broadcast.app, timeout_graceful_shutdown=0) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with open_socket(url, "/chat") as other:
            other.send("here")
            assert other.recv(timeout=PATIENCE) == "here"
            with socket.create_connection((host, int(port)), PATIENCE) as burst:
                burst.sendall(HANDSHAKE.replace(b"/ws", b"/chat"))
                assert burst.recv(12) == b"HTTP/1.1 101"
                burst.sendall(masked_x * 300)
                for _ in range(300):
                    assert other.recv(timeout=PATIENCE) == "x"


def test_a_client_of_the_news_that_never_reads_is_let_go_and_unregistered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps() -> None:
        async with clients("/news", sends_and_receives.app) as (client,):
            client.reading.clear()
            sends_and_receives.publish("1")
            await client.task
        assert sends_and_receives.queues == set()

    monkeypatch.setattr(sends_and_receives, "SEND_SECONDS", 0.0)
    run(steps())


def test_a_full_queue_drops_the_oldest_news_and_holds_nobody_up() -> None:
    async def steps() -> None:
        async with clients("/news", sends_and_receives.app) as (client,):
            client.reading.clear()
            for number in range(150):
                sends_and_receives.publish(str(number))
            client.reading.set()
            assert (await client.next())["text"] == "50"

    run(steps())


PINGS = {"ws_ping_interval": 0.1, "ws_ping_timeout": 0.1}


def test_a_live_client_is_lost_when_the_endpoint_never_reads_its_message(
    serve: Any,
) -> None:
    with serve(wrong_only_sends.app, timeout_graceful_shutdown=0, **PINGS) as (url, _):
        assert close_code(url, "/news", "hello") == 1011


def test_a_client_that_sends_nothing_is_kept_by_an_endpoint_that_never_reads(
    serve: Any,
) -> None:
    options = {"ws_ping_interval": 0.05, "ws_ping_timeout": PATIENCE}
    ping, masked_pong = b"\x89\x04", b"\x8a\x84\0\0\0\0"
    with serve(wrong_only_sends.app, timeout_graceful_shutdown=0, **options) as served:
        host, port = served[0].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            client.sendall(HANDSHAKE.replace(b"/ws", b"/news"))
            stream = client.makefile("rb")
            while stream.readline() != b"\r\n":
                pass
            for _ in range(3):  # the next ping comes only after the pong is read
                assert stream.read(2) == ping
                client.sendall(masked_pong + stream.read(4))


def test_a_live_client_is_lost_when_a_message_waits_behind_long_work(
    serve: Any,
) -> None:
    app = FastAPI()
    done = threading.Event()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            await asyncio.to_thread(done.wait, PATIENCE)

    with serve(app, **PINGS) as (url, _):
        code = close_code(url, "/ws", "1", "2")
        done.set()
    assert code == 1011


def test_a_client_that_never_reads_is_let_go_after_the_time_for_a_send(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps() -> None:
        async with clients("/chat", broadcast.app) as (client,):
            client.reading.clear()
            client.text("1")
            await client.task  # ends, although the client neither reads nor leaves
        assert broadcast.memory.queues == set()

    monkeypatch.setattr(broadcast, "SEND_SECONDS", 0.0)
    run(steps())


@pytest.mark.parametrize(
    ("module", "path"), [(broadcast, "/chat"), (sends_and_receives, "/news")]
)
def test_a_socket_that_uvicorn_closes_while_a_message_is_sent_is_no_error(
    serve: Any, caplog: pytest.LogCaptureFixture, module: Any, path: str
) -> None:
    with serve(module.app) as (url, server), open_socket(url, path) as client:
        queues = module.memory.queues if module is broadcast else module.queues
        asyncio.run(until(lambda: len(queues) == 1))
        (protocol,) = server.server_state.connections

        def send_and_close() -> None:
            for queue in queues:
                queue.put_nowait("hi")
            protocol.keepalive_timeout()  # the sender has not run yet

        protocol.loop.call_soon_threadsafe(send_and_close)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
    assert not queues
    assert "Exception in ASGI application" not in caplog.text


def test_a_client_that_does_not_read_escapes_the_ping_timeout(serve: Any) -> None:
    app = FastAPI()
    sent: list[int] = []
    ended, full = threading.Event(), threading.Event()

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            for number in range(1000):
                async with asyncio.timeout(0.5) as limit:
                    await websocket.send_bytes(os.urandom(100_000))
                sent.append(number)
        except TimeoutError:
            assert limit.expired()
            full.set()
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.receive_text()
        ended.set()

    options = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.05}
    with serve(app, **options) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            client.sendall(HANDSHAKE)
            assert full.wait(PATIENCE)
            assert not ended.is_set()  # ten ping timeouts later
        assert ended.wait(PATIENCE)
    assert len(sent) < 1000


@pytest.mark.parametrize("scope", ["request", "function"])
def test_a_dependency_with_yield_stays_open_as_long_as_the_connection(
    scope: Literal["request", "function"],
) -> None:
    app = FastAPI()
    log: list[str] = []

    async def session() -> AsyncIterator[None]:
        log.append("opened")
        yield
        log.append("closed")

    @app.websocket("/ws", dependencies=[Depends(session, scope=scope)])
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            log.append(text)
            await websocket.send_text(text)

    with TestClient(app).websocket_connect("/ws") as client:
        for text in ("a", "b"):
            client.send_text(text)
            client.receive_text()
        assert log == ["opened", "a", "b"]
    assert log == ["opened", "a", "b", "closed"]


def test_nothing_runs_the_background_tasks_of_a_dependency_over_a_websocket() -> None:
    app = FastAPI()
    ran: list[str] = []

    def later(tasks: BackgroundTasks) -> None:
        tasks.add_task(ran.append, "task")

    @app.websocket("/ws", dependencies=[Depends(later)])
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    app.get("/", dependencies=[Depends(later)])(lambda: None)
    with TestClient(app) as http:
        with http.websocket_connect("/ws") as client:
            assert client.receive()["type"] == "websocket.close"
        assert ran == []
        http.get("/")
    assert ran == ["task"]


class Gone:
    """A connection that ended, and nobody has noticed."""

    async def send_text(self, text: str) -> None:
        raise WebSocketDisconnect(1006)


class Joins:
    """A connection during whose message another client joins."""

    async def send_text(self, text: str) -> None:
        connections: Any = wrong_manager.connections
        connections.add(object())


@pytest.mark.parametrize(
    ("connection", "error"), [(Gone(), WebSocketDisconnect), (Joins(), RuntimeError)]
)
def test_a_loop_over_all_connections_breaks_when_one_leaves_or_joins(
    connection: Any, error: type[Exception]
) -> None:
    wrong_manager.connections.add(connection)
    with pytest.raises(error):
        run(wrong_manager.broadcast("hi"))

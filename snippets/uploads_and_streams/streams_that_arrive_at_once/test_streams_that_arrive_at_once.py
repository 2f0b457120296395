import asyncio
import contextlib
import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import requests
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import EventSourceResponse, StreamingResponse
from fastapi.testclient import TestClient
from playwright.sync_api import TimeoutError as TooLate

from snippets.conftest import Nginx
from snippets.uploads_and_streams.streams_that_arrive_at_once import (
    client,
    stream_numbers,
    wrong_blocking,
    wrong_client,
    wrong_collected,
)

Recorder = Callable[[str, str], None]
PATIENCE = 30.0
# How long a buffer gets to let a first piece through that it never lets through.
LATE = 1.0
CONFIGURATION = Path(__file__).with_name("nginx.conf").read_text()


class Gate:
    """A generator whose second piece waits until the client has the first one."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.client_has_the_first = threading.Event()
        self.came_first: bool | None = None
        self.ended = threading.Event()
        self.end: str | None = None

    async def pieces(self) -> AsyncIterator[str]:
        yield "first\n"
        waited = asyncio.to_thread(self.client_has_the_first.wait, self.patience)
        self.came_first = await waited
        yield "second\n"

    async def blocking_pieces(self) -> AsyncIterator[str]:
        for piece in self.def_pieces():
            yield piece

    def def_pieces(self) -> Iterator[str]:
        yield "first\n"
        self.came_first = self.client_has_the_first.wait(self.patience)
        yield "second\n"

    async def endless(self) -> AsyncIterator[str]:
        try:
            yield "first\n"
            while True:
                await asyncio.sleep(0.01)
                yield "next\n"
        except BaseException as error:
            self.end = type(error).__name__
            raise
        finally:
            self.ended.set()

    def app(self, generator: Callable[[], Any] | None = None) -> FastAPI:
        app = FastAPI()

        @app.get("/numbers")
        def stream() -> StreamingResponse:
            made = (generator or self.pieces)()
            return StreamingResponse(made, media_type="text/plain")

        return app


def read(address: str, gate: Gate, **headers: str) -> list[str]:
    """Read the stream as the page's client does, and open the gate with the first piece."""
    url = f"{address}/numbers"
    texts = []
    with httpx2.stream("GET", url, timeout=PATIENCE, headers=headers) as response:
        for text in response.iter_text():
            texts.append(text)
            if text:
                gate.client_has_the_first.set()
    assert "".join(texts) == "first\nsecond\n"
    return texts


def location(address: str, without: str = "") -> str:
    """Return the lines of nginx.conf for the application at ``address``."""
    lines = CONFIGURATION.replace("http://127.0.0.1:8000", address).splitlines()
    return "\n".join(line for line in lines if not without or without not in line)


@pytest.mark.parametrize("kind", ["pieces", "def_pieces", "blocking_pieces"])
def test_uvicorn_sends_each_piece_when_it_is_yielded(serve: Any, kind: str) -> None:
    gate = Gate()
    generator = getattr(gate, kind)
    with serve(gate.app(generator)) as (address, _):
        assert read(address, gate) == ["first\n", "second\n"]
    assert gate.came_first


def test_the_client_shows_what_the_program_sends(
    serve: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recorded: Recorder,
) -> None:
    monkeypatch.setattr(stream_numbers, "PAUSE", 0)
    with serve(stream_numbers.app) as (address, _):
        client.show(f"{address}/numbers")
    recorded("numbers.txt", capsys.readouterr().out)


def test_the_client_shows_the_first_piece_before_the_second(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    shown = list[str]()

    def show(text: str, **options: Any) -> None:
        shown.append(text)
        gate.client_has_the_first.set()

    monkeypatch.setitem(client.__dict__, "print", show)
    with serve(gate.app()) as (address, _):
        client.show(f"{address}/numbers")
    assert shown[0] == "first\n"
    assert gate.came_first


def test_get_waits_for_the_last_piece(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(LATE)
    shown = list[str]()

    def show(text: str, **options: Any) -> None:
        shown.append(text)
        gate.client_has_the_first.set()

    monkeypatch.setitem(wrong_client.__dict__, "print", show)
    with serve(gate.app()) as (address, _):
        wrong_client.show(f"{address}/numbers")
    assert shown == ["first\nsecond\n"]
    assert gate.came_first is False


@pytest.mark.parametrize("stream", [True, False])
def test_requests_needs_stream_true(serve: Any, stream: bool) -> None:
    gate = Gate(PATIENCE if stream else LATE)
    with serve(gate.app()) as (address, _):
        url = f"{address}/numbers"
        with requests.get(url, stream=stream, timeout=PATIENCE) as response:
            for _ in response.iter_content(chunk_size=None):
                gate.client_has_the_first.set()
    assert gate.came_first is stream


def test_an_error_after_the_first_piece_breaks_the_body_off(serve: Any) -> None:
    gate = Gate()

    async def broken() -> AsyncIterator[str]:
        yield "first\n"
        await asyncio.to_thread(gate.client_has_the_first.wait, PATIENCE)
        raise LookupError

    with (
        serve(gate.app(broken)) as (address, _),
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        read(address, gate)
    assert gate.client_has_the_first.is_set()


@pytest.mark.parametrize("http", ["httptools", "h11"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_behind_nginx_with_http_1_0_a_body_that_failed_can_look_whole(
    nginx: Nginx, serve: Any, version: str, http: str
) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "first\n"
        await asyncio.sleep(0)
        raise LookupError

    old = (version, http) == ("1.0", "h11")
    looks_whole = contextlib.nullcontext() if old else None
    with serve(Gate().app(broken), http=http) as (address, _):
        lines = location(address).replace("version 1.1", f"version {version}")
        with (
            nginx(lines) as front,
            looks_whole or pytest.raises(httpx2.RemoteProtocolError),
        ):
            assert httpx2.get(f"{front}/numbers", timeout=PATIENCE).text == "first\n"


def test_behind_function_middleware_a_body_that_failed_looks_whole(
    serve: Any,
) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "first\n"
        raise LookupError

    app = Gate().app(broken)

    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    with serve(app) as (address, _):
        response = httpx2.get(f"{address}/numbers", timeout=PATIENCE)
    assert (response.status_code, response.text) == (200, "first\n")


def test_the_status_200_is_sent_before_the_generator_starts(serve: Any) -> None:
    async def refused() -> AsyncIterator[str]:
        if gate.came_first is None:
            raise HTTPException(404)
        yield "first\n"

    gate = Gate()
    with serve(gate.app(refused)) as (address, _):
        url = f"{address}/numbers"
        with httpx2.stream("GET", url, timeout=PATIENCE) as response:
            assert response.status_code == 200
            with pytest.raises(httpx2.RemoteProtocolError):
                response.read()


def test_below_gzip_an_error_before_the_first_piece_is_a_500(serve: Any) -> None:
    async def refused() -> AsyncIterator[str]:
        if gate.came_first is None:
            raise HTTPException(404)
        yield "first\n"

    gate = Gate()
    app = gate.app(refused)
    app.add_middleware(GZipMiddleware)
    with serve(app) as (address, _):
        assert httpx2.get(f"{address}/numbers", timeout=PATIENCE).status_code == 500


@pytest.mark.parametrize("library", ["requests", "httpx2"])
def test_iter_lines_gives_each_line_when_it_is_complete(
    serve: Any, library: str
) -> None:
    gate = Gate()
    with serve(gate.app()) as (address, _):
        url = f"{address}/numbers"
        if library == "requests":
            with requests.get(url, stream=True, timeout=PATIENCE) as answer:
                for _ in answer.iter_lines():
                    gate.client_has_the_first.set()
        else:
            with httpx2.stream("GET", url, timeout=PATIENCE) as response:
                for _ in response.iter_lines():
                    gate.client_has_the_first.set()
    assert gate.came_first


def test_the_test_client_streams_since_starlette_1_9(
    older: Callable[[str, str], bool],
) -> None:
    complete = older("starlette", "1.9.0")
    gate = Gate(LATE if complete else PATIENCE)
    with TestClient(gate.app()).stream("GET", "/numbers") as response:
        for _ in response.iter_text():
            gate.client_has_the_first.set()
    assert gate.came_first is not complete


def test_collecting_the_pieces_first_sends_them_together() -> None:
    order = list[str]()

    async def slow() -> AsyncIterator[str]:
        for number in range(3):
            order.append(f"made {number}")
            yield str(number)

    async def send(message: Any) -> None:
        if message.get("body"):
            order.append("sent")

    async def receive() -> Any:
        await asyncio.sleep(PATIENCE)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/numbers",
        "query_string": b"",
        "headers": [],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wrong_collected, "numbers", slow)
        asyncio.run(wrong_collected.app(scope, receive, send))
        assert order == ["made 0", "made 1", "made 2", "sent", "sent", "sent"]
        order.clear()
        patch.setattr(stream_numbers, "numbers", slow)
        asyncio.run(stream_numbers.app(scope, receive, send))
        assert order == ["made 0", "sent", "made 1", "sent", "made 2", "sent"]


GZIP = "gzip on; gzip_min_length 0; gzip_types text/plain;"


@pytest.mark.parametrize("repair", ["", "header", "proxy_buffering off"])
@pytest.mark.parametrize("cause", ["small pieces", "gzip on", "10 kB"])
def test_what_nginx_holds_back_and_what_repairs_it(
    nginx: Nginx,
    serve: Any,
    monkeypatch: pytest.MonkeyPatch,
    cause: str,
    repair: str,
) -> None:
    held = cause != "small pieces" and not repair
    gate = Gate(LATE if held else PATIENCE)
    first = "x" * 10_000 if cause == "10 kB" else "first\n"

    async def pieces() -> AsyncIterator[str]:
        async for piece in gate.pieces():
            yield first if piece == "first\n" else piece

    monkeypatch.setattr(stream_numbers, "numbers", pieces)
    app = stream_numbers.app if repair == "header" else gate.app(pieces)
    http = GZIP if cause == "gzip on" else ""
    without = "" if repair == "proxy_buffering off" else "proxy_buffering"
    text = ""
    with serve(app) as (address, _), nginx(location(address, without), http) as front:
        url = f"{front}/numbers"
        headers = {"Accept-Encoding": "gzip"}
        with httpx2.stream("GET", url, headers=headers, timeout=PATIENCE) as response:
            for piece in response.iter_text():
                text += piece
                if len(text) >= len(first):
                    gate.client_has_the_first.set()
    assert text == first + "second\n"
    assert gate.came_first is not held


def test_gzip_holds_the_pieces_back_before_starlette_1_5(
    serve: Any, older: Callable[[str, str], bool]
) -> None:
    held = older("starlette", "1.5.0")
    gate = Gate(LATE if held else PATIENCE)
    app = gate.app()
    app.add_middleware(GZipMiddleware)
    with serve(app) as (address, _):
        read(address, gate, **{"Accept-Encoding": "gzip"})
    assert gate.came_first is not held


def test_a_middleware_function_passes_each_piece_on(serve: Any) -> None:
    gate = Gate()
    app = gate.app()

    @app.middleware("http")
    async def nothing(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response

    with serve(app) as (address, _):
        read(address, gate)
    assert gate.came_first


def test_a_middleware_that_reads_the_response_holds_the_pieces_back(
    serve: Any,
) -> None:
    gate = Gate(LATE)
    app = gate.app()

    @app.middleware("http")
    async def log(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        body = b"".join([piece async for piece in response.body_iterator])
        return Response(body, response.status_code, response.headers)

    with serve(app) as (address, _):
        read(address, gate)
    assert gate.came_first is False


@contextlib.contextmanager
def one_piece(address: str) -> Iterator[None]:
    """Read the first piece of the stream, and leave after the block."""
    url = f"{address}/numbers"
    with httpx2.stream("GET", url, timeout=PATIENCE) as response:
        next(response.iter_text())
        yield


@pytest.mark.parametrize("through", ["uvicorn", "nginx"])
def test_a_client_that_leaves_cancels_an_async_generator(
    nginx: Nginx, serve: Any, through: str
) -> None:
    gate = Gate()
    with serve(gate.app(gate.endless)) as (address, _):
        front = nginx(location(address)) if through == "nginx" else None
        with front or contextlib.nullcontext(address) as target, one_piece(target):
            pass
        assert gate.ended.wait(PATIENCE)
    assert gate.end == "CancelledError"


@pytest.mark.parametrize("kind", [StreamingResponse, EventSourceResponse])
@pytest.mark.parametrize("shield", [False, True])
def test_an_await_in_finally_is_cancelled_too_unless_it_is_shielded(
    serve: Any, kind: type[Response], shield: bool
) -> None:
    app = FastAPI()
    log: list[str] = []
    waits, ended = threading.Event(), threading.Event()

    @app.get("/numbers", response_class=kind)
    async def numbers() -> AsyncIterator[str]:
        try:
            yield "first\n"
            waits.set()
            await asyncio.Event().wait()
        finally:
            try:
                with anyio.move_on_after(PATIENCE, shield=shield):
                    log.append("begins")
                    await asyncio.to_thread(str)
                    log.append("goes on")
            finally:
                ended.set()

    with serve(app) as (address, _):
        with one_piece(address):
            assert waits.wait(PATIENCE)
        assert ended.wait(PATIENCE)
    assert log == (["begins", "goes on"] if shield else ["begins"])


def test_the_limit_of_a_shield_ends_the_clean_up_at_a_silent_partner(
    serve: Any,
) -> None:
    app = FastAPI()
    waits, ended = threading.Event(), threading.Event()

    @app.get("/numbers")
    async def numbers() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            try:
                yield "first\n"
                waits.set()
                await asyncio.Event().wait()
            finally:
                with anyio.move_on_after(0.1, shield=True):
                    await asyncio.Event().wait()
                ended.set()

        return StreamingResponse(parts())

    with serve(app) as (address, _):
        with one_piece(address):
            assert waits.wait(PATIENCE)
        assert ended.wait(PATIENCE)


def test_a_client_that_does_not_read_keeps_the_generator_waiting(serve: Any) -> None:
    gate = Gate()
    made = 0

    async def large() -> AsyncIterator[str]:
        nonlocal made
        async for _ in gate.endless():
            made += 1
            yield "x" * 1024 * 1024

    with serve(gate.app(large)) as (address, _):
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /numbers HTTP/1.1\r\nHost: a\r\n\r\n")
            before = -1
            while before != made:
                before = made
                assert not gate.ended.wait(LATE)
            assert made > 0
        assert gate.ended.wait(PATIENCE)


def test_an_async_generator_that_never_awaits_runs_to_its_end(serve: Any) -> None:
    gate = Gate()
    made = list[int]()

    async def pieces() -> AsyncIterator[str]:
        try:
            for number in range(5000):
                made.append(number)
                yield "piece\n"
        finally:
            gate.ended.set()

    with serve(gate.app(pieces)) as (address, _):
        with one_piece(address):
            pass
        assert gate.ended.wait(PATIENCE)
    assert len(made) == 5000


def test_each_step_of_a_def_generator_takes_a_thread_of_the_pool() -> None:
    names = list[str]()

    def pieces() -> Iterator[str]:
        for _ in range(3):
            names.append(threading.current_thread().name)
            yield "piece"

    with TestClient(Gate().app(pieces)) as caller:
        assert caller.get("/numbers").text == "piece" * 3
    assert ["AnyIO worker thread" in name for name in names] == [True] * 3


def test_a_def_generator_is_asked_for_no_further_piece_when_the_client_has_left(
    serve: Any,
) -> None:
    left = threading.Event()
    closed = threading.Event()
    steps = list[str]()

    def pieces() -> Iterator[str]:
        try:
            yield "first\n"
            steps.append("asked")
            left.wait(PATIENCE)
            yield "second\n"
            steps.append("asked again")
            yield "third\n"
        finally:
            closed.set()

    gate = Gate()
    with serve(gate.app(pieces)) as (address, _):
        with one_piece(address):
            pass
        assert httpx2.get(f"{address}/docs").is_success  # the loop has seen it
        left.set()
    gc.collect()
    assert closed.is_set()
    assert steps == ["asked"]


def test_a_blocking_generator_lets_nothing_else_run_until_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = list[str]()

    def sleep(seconds: float) -> None:
        order.append("slept")

    monkeypatch.setattr("time.sleep", sleep)

    async def both() -> None:
        async def other() -> None:
            order.append("other")

        task = asyncio.create_task(other())
        async for _ in wrong_blocking.numbers():
            pass
        await task

    asyncio.run(both())
    assert order == ["slept"] * 5 + ["other"]


@pytest.mark.site
def test_a_browser_reads_pieces_with_a_reader(
    nginx: Nginx, serve: Any, in_browser: Any
) -> None:
    gate = Gate()
    app = gate.app()
    app.get("/")(lambda: None)
    app.get("/open")(gate.client_has_the_first.set)
    script = """async () => {
      const response = await fetch("/numbers")
      const reader = response.body.getReader()
      const first = await reader.read()
      await fetch("/open")
      return new TextDecoder().decode(first.value)
    }"""

    def visit(page: Any, address: str) -> Any:
        page.goto(address)
        return page.evaluate(script)

    with serve(app) as (address, _):
        assert in_browser(lambda page: visit(page, address)) == "first\n"
    assert gate.came_first


@pytest.mark.site
def test_a_tab_of_chromium_holds_a_text_back_without_nosniff(
    serve: Any, in_browser: Any
) -> None:
    nosniff = {"X-Content-Type-Options": "nosniff"}
    kinds = [("text/plain", nosniff), ("text/plain", {}), (None, {})]
    gates = [Gate() for _ in kinds]
    app = FastAPI()

    @app.get("/{number}")
    def stream(number: int) -> StreamingResponse:
        kind, headers = kinds[number]
        return StreamingResponse(gates[number].pieces(), 200, headers, kind)

    def visit(page: Any, address: str, number: int, patience: float) -> str:
        try:
            page.goto(
                f"{address}/{number}", wait_until="commit", timeout=patience * 1000
            )
            page.wait_for_function("document.body?.innerText")
            return str(page.locator("body").inner_text())
        except TooLate:
            return "nothing"
        finally:
            gates[number].client_has_the_first.set()

    with serve(app) as (address, _):
        assert in_browser(lambda page: visit(page, address, 0, PATIENCE)) == "first\n"
        for number in (1, 2):
            shown = in_browser(lambda page, at=number: visit(page, address, at, LATE))
            assert shown == "nothing"

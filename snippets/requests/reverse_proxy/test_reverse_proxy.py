import asyncio
import contextlib
import gzip
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import httpx2
import pytest
import uvicorn
from a2wsgi import WSGIMiddleware
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from snippets.conftest import Nginx, free_port
from snippets.requests.reverse_proxy import (
    gateway,
    orders,
    wrong_any_address,
    wrong_headers_back,
    wrong_shared_cookies,
)

Recorder = Callable[[str, str], None]
Through = Callable[..., contextlib.AbstractContextManager[str]]
PATIENCE = 120.0
HOST = b"Host: shop.example.com\r\nConnection: close\r\n"


class Echo:
    """An upstream that notes each request, and answers with the given headers."""

    def __init__(self, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        self.headers = headers or []
        self.seen = list[dict[str, Any]]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body, message = b"", {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        self.seen.append({**scope, "body": body})
        status = {"/orders/204": 204, "/orders/304": 304}.get(scope["path"], 200)
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": self.headers})
        await send(
            {"type": "http.response.body", "body": b"" if status > 200 else b"x"}
        )

    @property
    def names(self) -> set[bytes]:
        return {name for name, _ in self.seen[-1]["headers"]}

    def header(self, wanted: bytes) -> list[bytes]:
        return [value for name, value in self.seen[-1]["headers"] if name == wanted]


@pytest.fixture
def through(serve: Any, monkeypatch: pytest.MonkeyPatch) -> Through:
    """Return ``through(upstream)``, which serves it and the gateway, and gives the gateway's address."""

    @contextlib.contextmanager
    def start(
        upstream: Any, module: ModuleType = gateway, **options: Any
    ) -> Iterator[str]:
        with serve(upstream, lifespan="off", http=options.get("http", "auto")) as (
            address,
            _,
        ):
            monkeypatch.setattr(module, "UPSTREAM", address)
            with serve(module.app, **options) as (address, _):
                yield address

    return start


@pytest.fixture
def replying(serve: Any, monkeypatch: pytest.MonkeyPatch) -> Through:
    """Return ``replying(reply)``: the gateway, in front of a service that answers once with these bytes."""

    @contextlib.contextmanager
    def start(reply: bytes, **options: Any) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            monkeypatch.setattr(gateway, "UPSTREAM", f"http://127.0.0.1:{port}")

            def answer() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(reply)

            thread = threading.Thread(target=answer)
            thread.start()
            with serve(gateway.app, **options) as (address, _):
                yield address
            thread.join(PATIENCE)

    return start


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def raw(address: str, line: bytes, rest: bytes = b"") -> bytes:
    """Send a request as these bytes, and return all that comes back."""
    with connect(address) as connection:
        connection.sendall(line + b" HTTP/1.1\r\n" + HOST + rest + b"\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_service_is_asked_and_its_answer_passed_on(
    through: Through, recorded: Recorder
) -> None:
    body = b'{"7": 2}'
    with through(orders.app) as address:
        answer = raw(
            address,
            b"POST /orders?from=shop",
            b"Content-Type: application/json\r\nContent-Length: 8\r\n\r\n" + body,
        ).decode()
    answer = re.sub(r"(?m)^(date|connection|server): .*\r\n", "", answer)
    question = "POST /orders?from=shop HTTP/1.1\nHost: shop.example.com\n"
    question += f"Content-Type: application/json\n\n{body.decode()}\n\n"
    recorded("order.http", question + answer.replace("\r\n", "\n"))


BOTH = pytest.mark.parametrize("http", ["h11", "httptools"])


@BOTH
def test_path_and_query_arrive_byte_for_byte(through: Through, http: str) -> None:
    echo = Echo()
    targets = [
        b'/orders?x=%20+a&&b=%2F%zz&x="<>|',
        b"/orders/a%2Fb//c%00/",
        b"/orders/http://169.254.169.254/secret",
        b"/orders/%252e%252e/a",
        b"/orders/a..b/.c/...",
    ]
    with through(echo, http=http) as address:
        for target in targets:
            assert raw(address, b"GET " + target).startswith(b"HTTP/1.1 200")
    queries = [b"?" * bool(s["query_string"]) + s["query_string"] for s in echo.seen]
    assert [
        s["raw_path"] + q for s, q in zip(echo.seen, queries, strict=True)
    ] == targets


@BOTH
def test_dot_segments_are_refused(through: Through, http: str) -> None:
    echo = Echo()
    with through(echo, http=http) as address:
        for path in (
            b"/orders/../admin",
            b"/orders/%2e%2E/admin",
            b"/orders/a%2f..%2f..%2fadmin",
            b"/orders/..%5cadmin",
            b"/orders/..;x/admin",
            b"/orders/..#x",
            b"/orders/.",
        ):
            assert raw(address, b"GET " + path).startswith(b"HTTP/1.1 400")
    assert echo.seen == []


@BOTH
def test_only_the_prefix_is_passed_on(through: Through, http: str) -> None:
    echo = Echo()
    with through(echo, http=http) as address:
        for path in (b"//evil.example/orders/", b"/admin", b"/", b"/ordersadmin"):
            assert raw(address, b"GET " + path).startswith(b"HTTP/1.1 404")
    assert echo.seen == []


@BOTH
def test_the_prefix_is_passed_on_as_it_stands_in_the_route(
    serve: Any, monkeypatch: pytest.MonkeyPatch, http: str
) -> None:
    echo = Echo()
    outer = FastAPI(lifespan=gateway.lifespan)
    outer.mount("/api", gateway.app)
    with serve(echo, lifespan="off") as (service, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        with serve(gateway.app, http=http) as (address, _):
            for path in (b"/%6frders", b"/%6Frders/1", b"/order%73"):
                assert raw(address, b"GET " + path).startswith(b"HTTP/1.1 400")
        with serve(outer, http=http) as (address, _):
            assert raw(address, b"GET /%61pi/orders").startswith(b"HTTP/1.1 400")
            assert echo.seen == []
            assert raw(address, b"GET /api/orders").startswith(b"HTTP/1.1 200")
    assert echo.seen[0]["raw_path"] == b"/orders"


@BOTH
def test_an_absolute_target_never_leads_elsewhere(
    through: Through, serve: Any, http: str
) -> None:
    echo, elsewhere = Echo(), Echo()
    with through(echo, http=http) as address, serve(elsewhere) as (other, _):
        raw(address, b"GET " + other.encode() + b"/orders/1")
    assert elsewhere.seen == []


def test_a_root_path_is_not_passed_on(through: Through) -> None:
    echo = Echo()
    with through(echo, root_path="/shop") as address:
        assert raw(address, b"GET /orders/a%2Fb").startswith(b"HTTP/1.1 200")
    assert echo.seen[0]["raw_path"] == b"/orders/a%2Fb"


def test_methods_are_kept_and_only_a_request_with_a_body_gets_one(
    through: Through,
) -> None:
    echo = Echo()
    length = b"Content-Length: 3\r\n\r\nabc"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    with through(echo) as address:
        for method in gateway.METHODS:
            for rest in (b"", length, chunked):
                raw(address, f"{method} /orders".encode(), rest)
    assert [s["method"] for s in echo.seen[::3]] == gateway.METHODS
    without, known, pieces = echo.seen[::3], echo.seen[1::3], echo.seen[2::3]
    for seen in without:
        assert seen["body"] == b""
        assert b"transfer-encoding" not in dict(seen["headers"])
        assert dict(seen["headers"]).get(b"content-length", b"0") == b"0"
    for seen in known:
        assert seen["body"] == b"abc"
        assert dict(seen["headers"])[b"content-length"] == b"3"
    for seen in pieces:
        assert seen["body"] == b"abc"
        assert dict(seen["headers"])[b"transfer-encoding"] == b"chunked"


@pytest.mark.parametrize("version", ["2", "3"])
def test_http_2_is_refused_since_no_header_announces_a_body(
    serve: Any, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    async def as_http_2(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            kept = [h for h in scope["headers"] if h[0] != b"transfer-encoding"]
            scope = {**scope, "http_version": version, "headers": kept}
        await gateway.app(scope, receive, send)

    echo = Echo()
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    with (
        serve(echo, lifespan="off") as (service, _),
        serve(as_http_2) as (address, _),
    ):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        answer = raw(address, b"POST /orders", chunked)
    assert answer.startswith(b"HTTP/1.1 505")
    assert echo.seen == []


@BOTH
def test_a_body_beside_an_upgrade_is_refused(through: Through, http: str) -> None:
    echo = Echo()
    upgrade = b"Upgrade: h2c\r\n"
    length = b"Content-Length: 3\r\n\r\nabc"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    with through(echo, http=http) as address:
        for body in (length, chunked):
            sent = b"Connection: upgrade\r\n" + upgrade + body
            assert raw(address, b"POST /orders", sent).startswith(b"HTTP/1.1 501")
    assert echo.seen == []


@pytest.mark.parametrize(
    "codings",
    [
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_coding_that_httptools_does_not_undo_is_refused(
    through: Through, codings: bytes
) -> None:
    echo = Echo()
    body = b"\r\n3\r\nabc\r\n0\r\n"
    with through(echo, http="httptools") as address:
        assert raw(address, b"POST /orders", codings + body).startswith(b"HTTP/1.1 501")
        assert echo.seen == []
        plain = b"Transfer-Encoding: Chunked\r\n"
        assert raw(address, b"POST /orders", plain + body).startswith(b"HTTP/1.1 200")


@BOTH
def test_connection_does_not_drop_the_host(through: Through, http: str) -> None:
    echo = Echo()
    with through(echo, http=http) as address:
        raw(address, b"GET /orders", b"Connection: Host\r\n")
    assert echo.header(b"host") == [b"shop.example.com"]


@BOTH
@pytest.mark.parametrize("status", [b"600", b"799", b"999"])
def test_a_status_that_no_server_can_send_is_a_502(
    replying: Through, http: str, status: bytes
) -> None:
    reply = b"HTTP/1.1 " + status + b" X\r\nContent-Length: 1\r\n\r\nx"
    with replying(reply, http=http) as address:
        assert httpx2.get(f"{address}/orders").status_code == 502


def test_httptools_drops_a_body_beside_an_upgrade(serve: Any) -> None:
    echo = Echo()
    head = b"Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n"
    with serve(echo, lifespan="off", http="httptools") as (address, _):
        raw(address, b"POST /orders", head + b"\r\n3\r\nabc\r\n0\r\n")
    assert echo.seen[0]["body"] == b""


@BOTH
def test_trailers_of_a_request_are_dropped_or_are_headers_under_httptools(
    through: Through, http: str
) -> None:
    echo = Echo()
    body = b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\n"
    with through(echo, http=http) as address:
        raw(address, b"POST /orders", body)
    assert echo.seen[0]["body"] == b"a"
    assert (b"x-trailer" in echo.names) is (http == "httptools")


@BOTH
def test_trailers_of_an_answer_are_dropped(replying: Through, http: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = head + b"1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n"
    with replying(reply, http=http) as address:
        came = raw(address, b"GET /orders")
    assert came.endswith(b"1\r\na\r\n0\r\n\r\n")
    assert b"x-trailer" not in came.lower()


@BOTH
def test_space_after_a_value_does_no_harm(through: Through, http: str) -> None:
    echo = Echo()
    with through(echo, http=http) as address:
        raw(address, b"GET /orders", b"X-Kept: a b \t\r\n")
    assert echo.header(b"x-kept") == [b"a b"]


@BOTH
def test_a_service_that_dies_in_its_headers_is_a_502(
    replying: Through, http: str
) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-"
    with replying(reply, http=http) as address:
        assert httpx2.get(f"{address}/orders").status_code == 502


def test_a_length_beside_chunks_is_not_passed_on(through: Through) -> None:
    echo = Echo()
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    with through(echo, http="h11") as address:  # httptools refuses it
        raw(address, b"POST /orders", b"Content-Length: 9\r\n" + chunked)
    assert echo.seen[0]["body"] == b"abc"
    assert b"content-length" not in echo.names


def test_a_length_beside_chunks_of_the_answer_is_not_passed_on(
    replying: Through,
) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    reply = answer + b"3\r\nabc\r\n0\r\n\r\n"
    with replying(reply) as address:
        assert httpx2.get(f"{address}/orders").content == b"abc"


def test_headers_of_the_connection_stay_behind(through: Through) -> None:
    echo = Echo(
        [(b"connection", b"x-internal"), (b"x-internal", b"1"), (b"x-kept", b"1")]
    )
    sent = b"TE: trailers\r\nUpgrade: h2c\r\nKeep-Alive: timeout=5\r\nX-Private: 1\r\n"
    sent += b"Connection: X-Private, upgrade\r\nProxy-Authorization: Basic x\r\nX-Kept: 1\r\n"
    with through(echo) as address:
        answer = raw(address, b"GET /orders", sent)
    assert echo.names == {b"host", b"x-kept", b"x-forwarded-for", b"x-forwarded-proto"}
    assert b"x-kept: 1" in answer
    assert b"x-internal" not in answer


def test_nothing_is_added_that_the_client_did_not_send(through: Through) -> None:
    echo = Echo()
    with through(echo) as address:
        raw(address, b"GET /orders")
    assert echo.names == {b"host", b"x-forwarded-for", b"x-forwarded-proto"}


def test_the_client_cannot_choose_its_address(through: Through) -> None:
    echo = Echo()
    forged = b"X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n"
    forged += b"X-Forwarded-Proto: https\r\nX-Real-IP: 203.0.113.9\r\n"
    forged += b"Connection: X-Forwarded-For, X-Forwarded-Proto\r\n"
    with through(echo, forwarded_allow_ips="192.0.2.1") as address:
        raw(address, b"GET /orders", forged)
    assert echo.header(b"x-forwarded-for") == [b"127.0.0.1"]
    assert echo.header(b"x-forwarded-proto") == [b"http"]
    assert not {b"forwarded", b"x-real-ip"} & echo.names


def test_by_default_a_local_client_chooses_its_address(through: Through) -> None:
    echo = Echo()
    forged = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
    with through(echo) as address:
        raw(address, b"GET /orders", forged)
    assert echo.header(b"x-forwarded-for") == [b"203.0.113.9"]
    assert echo.header(b"x-forwarded-proto") == [b"https"]


def test_a_wsgi_service_does_not_take_an_underscore_for_the_address(
    through: Through,
) -> None:
    def service(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["HTTP_X_FORWARDED_FOR"].encode()]

    forged = b"X_Forwarded_For: 203.0.113.9\r\n"
    wsgi: Any = WSGIMiddleware(service)
    with through(wsgi, forwarded_allow_ips="192.0.2.1") as address:
        answer = raw(address, b"GET /orders", forged)
    assert b"127.0.0.1" in answer
    assert b"203.0.113.9" not in answer


def test_nginx_drops_a_header_with_an_underscore_by_default(
    serve: Any, nginx: Nginx
) -> None:
    echo = Echo()
    with (
        serve(echo, lifespan="off") as (address, _),
        nginx(f"location / {{ proxy_pass {address}; }}") as front,
    ):
        raw(front, b"GET /orders", b"X_Forwarded_For: 203.0.113.9\r\nX-Kept: 1\r\n")
    assert b"x-kept" in echo.names
    assert b"x_forwarded_for" not in echo.names


def test_a_proxy_of_the_environment_is_not_used(
    through: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        there = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, there)
        with through(Echo()) as address:
            assert raw(address, b"GET /orders").startswith(b"HTTP/1.1 200")
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_the_host_of_the_client_is_passed_on(through: Through) -> None:
    echo = Echo()
    with through(echo) as address:
        raw(address, b"GET /orders")
    assert echo.header(b"host") == [b"shop.example.com"]


def test_repeated_headers_stay_repeated_and_there_is_one_date(through: Through) -> None:
    echo = Echo([(b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2")])
    with through(echo) as address:
        answer = raw(address, b"GET /orders")
    head = answer.lower().split(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in head if line.startswith(b"set-cookie")] == [
        b"set-cookie: a=1",
        b"set-cookie: b=2",
    ]
    names = [line.split(b":")[0] for line in head]
    assert (names.count(b"date"), names.count(b"server")) == (1, 1)


def test_a_mapping_of_headers_merges_two_cookies(serve: Any) -> None:
    cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    app = FastAPI()

    @app.get("/orders")
    async def orders(request: Request) -> StreamingResponse:
        async with httpx2.AsyncClient() as client:
            upstream = await client.get(service)
        pieces = iter([upstream.content])
        return StreamingResponse(pieces, headers=upstream.headers)

    with (
        serve(Echo(cookies), lifespan="off") as (service, _),
        serve(app) as (address, _),
    ):
        answer = raw(address, b"GET /orders")
    assert b"set-cookie: a=1, b=2" in answer
    assert answer.count(b"date: ") == 2


def test_a_compressed_body_stays_compressed(through: Through) -> None:
    packed = gzip.compress(b"orders" * 100)
    upstream = FastAPI()
    upstream.get("/orders")(
        lambda: Response(packed, headers={"Content-Encoding": "gzip"})
    )
    with through(upstream) as address, httpx2.Client() as client:
        answer = client.get(f"{address}/orders")
        assert answer.content == b"orders" * 100
        assert answer.headers["content-length"] == str(len(packed))
        with client.stream("GET", f"{address}/orders") as answer:
            assert b"".join(answer.iter_raw()) == packed


def test_a_redirect_is_passed_on(through: Through) -> None:
    upstream = FastAPI()
    upstream.get("/orders")(lambda: RedirectResponse("/orders/1"))
    with through(upstream) as address:
        answer = httpx2.get(f"{address}/orders")
    assert (answer.status_code, answer.headers["location"]) == (307, "/orders/1")


def test_a_redirect_of_the_slash_names_the_gateway(through: Through) -> None:
    upstream = FastAPI()
    upstream.get("/orders")(lambda: "all")
    with through(upstream) as address:
        answer = httpx2.get(f"{address}/orders/")
        assert answer.headers["location"] == f"{address}/orders"
        assert httpx2.get(answer.headers["location"]).json() == "all"


def test_answers_without_a_body_end_the_same_way(through: Through) -> None:
    with through(Echo()) as address, httpx2.Client() as client:
        for path in ("/orders", "/orders/204", "/orders/304") * 2:
            for method in ("GET", "HEAD"):
                answer = client.request(method, address + path)
                assert answer.status_code == int(path[8:] or 200)
                assert len(answer.content) == (method + path == "GET/orders")


@BOTH
def test_a_204_with_a_length_does_not_break_the_connection(
    replying: Through,
    caplog: pytest.LogCaptureFixture,
    http: str,
) -> None:
    reply = b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n"
    with replying(reply, http=http) as address:
        answer = raw(address, b"GET /orders")
    assert answer.startswith(b"HTTP/1.1 204")
    assert b"content-length" not in answer.lower()
    assert "Traceback" not in caplog.text


@BOTH
def test_a_304_with_a_length_does_not_break_the_connection(
    through: Through, http: str
) -> None:
    async def upstream(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"50"), (b"etag", b"1")]
        start = {"type": "http.response.start", "status": 304, "headers": headers}
        await send(start)
        await send({"type": "http.response.body"})

    with through(upstream, http=http) as address:
        answer = raw(address, b"GET /orders")
    assert answer.startswith(b"HTTP/1.1 304")
    assert b"etag: 1" in answer
    assert b"content-length" not in answer.lower()


def test_a_response_arrives_piece_by_piece(through: Through) -> None:
    the_client_has_it = threading.Event()
    came = list[bool]()

    async def pieces() -> Any:
        yield b"first"
        came.append(await asyncio.to_thread(the_client_has_it.wait, PATIENCE))
        yield b"second"

    upstream = FastAPI()
    upstream.get("/orders")(lambda: StreamingResponse(pieces()))
    with (
        through(upstream) as address,
        httpx2.stream("GET", f"{address}/orders", timeout=PATIENCE) as answer,
    ):
        received = []
        for piece in answer.iter_raw():
            received.append(piece)
            the_client_has_it.set()
    assert (received, came) == ([b"first", b"second"], [True])


def test_a_body_is_sent_piece_by_piece(through: Through) -> None:
    the_service_has_it = threading.Event()
    came = list[bool]()
    upstream = FastAPI()

    @upstream.post("/orders")
    async def read(request: Request) -> int:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            the_service_has_it.set()
        return size

    def pieces() -> Iterator[bytes]:
        yield b"first"
        came.append(the_service_has_it.wait(PATIENCE))
        yield b"second"

    with through(upstream) as address:
        answer = httpx2.post(f"{address}/orders", content=pieces(), timeout=PATIENCE)
    assert (answer.json(), came) == (11, [True])


class Endless:
    """An upstream that sends until nobody listens, and reads a body to its end."""

    def __init__(self) -> None:
        self.began, self.ended = threading.Event(), threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.began.set()
        while message.get("more_body"):
            message = await receive()
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            body = {"type": "http.response.body", "body": b"x", "more_body": True}
            await send(body)
            message = await receive()
        assert message["type"] == "http.disconnect"
        self.ended.set()


class Slow:
    """An upstream that answers when it may, or ends when the client has left."""

    def __init__(self) -> None:
        self.began, self.ended = threading.Event(), threading.Event()
        self.may_answer = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.began.set()
        left = asyncio.ensure_future(receive())
        may = asyncio.ensure_future(asyncio.to_thread(self.may_answer.wait, PATIENCE))
        await asyncio.wait({left, may}, return_when="FIRST_COMPLETED")
        if not left.done():
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await left
        self.ended.set()


def test_a_client_that_leaves_closes_the_connection_to_the_service(
    through: Through,
) -> None:
    upstream = Endless()
    with through(upstream) as address:
        with httpx2.stream("GET", f"{address}/orders") as answer:
            assert next(answer.iter_raw()) == b"x"
        assert upstream.ended.wait(PATIENCE)


def test_a_client_that_leaves_while_it_sends_does_so_too(
    through: Through, caplog: pytest.LogCaptureFixture
) -> None:
    upstream = Endless()
    with through(upstream) as address:
        with connect(address) as client:
            head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
            client.sendall(head + b"abc")
            assert upstream.began.wait(PATIENCE)
        assert upstream.ended.wait(PATIENCE)
    assert "Traceback" not in caplog.text


def test_a_client_that_leaves_before_the_answer_is_noticed_at_the_answer(
    through: Through,
) -> None:
    upstream = Slow()
    with through(upstream) as address:
        with connect(address) as client:
            client.sendall(b"GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
            assert upstream.began.wait(PATIENCE)
        # The gateway has seen that the client left, since it serves the next one.
        assert raw(address, b"GET /").startswith(b"HTTP/1.1 404")
        assert not upstream.ended.is_set()
        upstream.may_answer.set()
        assert upstream.ended.wait(PATIENCE)


def test_a_service_that_dies_in_the_middle_leaves_the_response_incomplete(
    through: Through,
) -> None:
    async def upstream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise RuntimeError

    with through(upstream) as address:
        answer = raw(address, b"GET /orders")
        assert answer.startswith(b"HTTP/1.1 200")
        assert not answer.endswith(b"0\r\n\r\n")
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(f"{address}/orders")


def test_behind_function_middleware_of_the_service_it_looks_whole(
    through: Through,
) -> None:
    upstream = FastAPI()

    @upstream.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    @upstream.get("/orders")
    async def orders() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "x"
            raise RuntimeError

        return StreamingResponse(pieces())

    with through(upstream) as address:
        response = httpx2.get(f"{address}/orders")
    assert (response.status_code, response.text) == (200, "x")


@contextlib.contextmanager
def gateway_with(
    monkeypatch: pytest.MonkeyPatch, serve: Any, **options: Any
) -> Iterator[str]:
    """Serve the gateway with these options of its client."""
    real = httpx2.AsyncClient

    def client(**given: Any) -> httpx2.AsyncClient:
        return real(**{**given, **options})

    monkeypatch.setattr(httpx2, "AsyncClient", client)
    with serve(gateway.app) as (address, _):
        yield address


def test_no_connection_is_a_502(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "UPSTREAM", f"http://127.0.0.1:{free_port()}")
    with serve(gateway.app) as (address, _):
        answer = httpx2.get(f"{address}/orders")
    assert (answer.status_code, answer.json()) == (
        502,
        {"detail": "The service cannot be reached"},
    )


def test_no_http_is_a_502(replying: Through) -> None:
    reply = b"nonsense\r\n\r\n"
    with replying(reply) as address:
        assert httpx2.get(f"{address}/orders").status_code == 502


def test_a_service_that_refuses_a_long_upload_early_and_closes_can_become_a_502(
    replying: Through,
) -> None:
    head = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n"
    reply = head + b"Connection: close\r\n\r\n"
    with replying(reply) as address:
        answer = httpx2.post(
            f"{address}/orders", content=bytes(20_000_000), timeout=PATIENCE
        )
    assert answer.status_code == 502


def test_no_answer_in_time_is_a_504(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(
            gateway, "UPSTREAM", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        timeout = httpx2.Timeout(PATIENCE, read=0.05)
        with gateway_with(monkeypatch, serve, timeout=timeout) as address:
            assert httpx2.get(f"{address}/orders", timeout=PATIENCE).status_code == 504


def test_a_body_that_the_service_does_not_take_is_a_504(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(
            gateway, "UPSTREAM", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        timeout = httpx2.Timeout(PATIENCE, write=0.05)
        with gateway_with(monkeypatch, serve, timeout=timeout) as address:
            answer = httpx2.post(
                f"{address}/orders", content=bytes(20_000_000), timeout=PATIENCE
            )
    assert answer.status_code == 504


def test_a_connection_that_takes_too_long_is_a_504(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def service(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("too long", request=request)

    transport = httpx2.MockTransport(service)
    with gateway_with(monkeypatch, serve, transport=transport) as address:
        assert httpx2.get(f"{address}/orders").status_code == 504


def test_a_mock_transport_has_to_stream_its_answer(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"streamed"

    def service(request: httpx2.Request) -> httpx2.Response:
        at_once = request.extensions["target"] == b"/orders/1"
        return httpx2.Response(200, content=b"x" if at_once else pieces())

    transport = httpx2.MockTransport(service)
    with gateway_with(monkeypatch, serve, transport=transport) as address:
        assert httpx2.get(f"{address}/orders").text == "streamed"
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(f"{address}/orders/1")
    assert "StreamConsumed" in caplog.text


async def long_answer(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, then send 30 MB as fast as the receiver takes them."""
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    body = {"type": "http.response.body", "body": bytes(100_000), "more_body": True}
    for _ in range(300 if scope["method"] == "POST" else 1):
        await send(body)
    await send({"type": "http.response.body"})


def stop_sending(client: socket.socket) -> None:
    client.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")


def stop_reading(client: socket.socket) -> None:
    client.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert client.recv(1)


SLOW = pytest.mark.parametrize("stop", [stop_sending, stop_reading])


@SLOW
def test_a_slow_client_holds_a_connection(
    serve: Any, monkeypatch: pytest.MonkeyPatch, stop: Callable[[socket.socket], None]
) -> None:
    arrived = threading.Event()

    async def upstream(scope: Any, receive: Any, send: Any) -> None:
        arrived.set()
        await long_answer(scope, receive, send)

    with serve(upstream, lifespan="off") as (service, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        options = {
            "limits": httpx2.Limits(max_connections=1),
            "timeout": httpx2.Timeout(PATIENCE, pool=0.05),
        }
        with (
            gateway_with(monkeypatch, serve, **options) as address,
            connect(address) as client,
        ):
            stop(client)
            assert arrived.wait(PATIENCE)
            assert httpx2.get(f"{address}/orders").status_code == 503


@SLOW
def test_nginx_in_front_waits_for_the_slow_client_instead(
    serve: Any,
    nginx: Nginx,
    monkeypatch: pytest.MonkeyPatch,
    stop: Callable[[socket.socket], None],
) -> None:
    with serve(long_answer, lifespan="off") as (service, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        options = {
            "limits": httpx2.Limits(max_connections=1),
            "timeout": httpx2.Timeout(PATIENCE),
        }
        with (
            gateway_with(monkeypatch, serve, **options) as address,
            nginx(f"location / {{ proxy_pass {address}; }}") as front,
            connect(front) as client,
        ):
            stop(client)
            answer = httpx2.get(f"{front}/orders", timeout=PATIENCE)
            assert answer.status_code == 200


def test_no_free_connection_is_a_503(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = Endless()
    with serve(upstream, lifespan="off") as (service, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        options = {
            "limits": httpx2.Limits(max_connections=1),
            "timeout": httpx2.Timeout(PATIENCE, pool=0.05),
        }
        with gateway_with(monkeypatch, serve, **options) as address:
            with httpx2.stream("GET", f"{address}/orders") as first:
                # Where nobody holds the iterator, it ends, and the response with it.
                pieces = first.iter_raw()
                assert next(pieces) == b"x"
                assert httpx2.get(f"{address}/orders").status_code == 503
            assert upstream.ended.wait(PATIENCE)


def test_services_share_the_connections_of_one_client(serve: Any) -> None:
    slow = Endless()
    limits, timeout = httpx2.Limits(max_connections=1), httpx2.Timeout(PATIENCE, pool=0)
    with (
        serve(slow, lifespan="off") as (first, _),
        serve(Echo(), lifespan="off") as (second, _),
        httpx2.Client(limits=limits, timeout=timeout) as client,
        client.stream("GET", first),
        pytest.raises(httpx2.PoolTimeout),
    ):
        client.get(second)


def test_each_connection_goes_back_to_the_pool(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = set[Any]()

    async def upstream(scope: Any, receive: Any, send: Any) -> None:
        connections.add(scope["client"])
        await Echo()(scope, receive, send)

    with serve(upstream, lifespan="off") as (service, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        limits = httpx2.Limits(max_connections=1)
        with (
            gateway_with(monkeypatch, serve, limits=limits) as address,
            httpx2.Client() as client,
        ):
            for path in ("", "/204", "/304", "/1") * 5:
                client.head(f"{address}/orders{path}")
                client.post(f"{address}/orders{path}", content=b"abc")
    assert len(connections) == 1


def test_a_dependency_of_the_route_refuses_before_the_service_is_asked(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise HTTPException(401)

    echo = Echo()
    app = FastAPI(lifespan=gateway.lifespan)
    app.get("/orders", dependencies=[Depends(refuse)])(gateway.orders)
    with serve(echo, lifespan="off") as (service, _), serve(app) as (address, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        assert httpx2.get(f"{address}/orders").status_code == 401
    assert echo.seen == []


@pytest.mark.since(fastapi="0.164.0")
def test_max_body_size_holds_for_what_is_passed_on(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = Echo()
    app = FastAPI(lifespan=gateway.lifespan, max_body_size=5)
    app.post("/orders")(gateway.orders)
    with serve(echo, lifespan="off") as (service, _), serve(app) as (address, _):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        for body in (b"x" * 6, iter([b"x" * 3] * 2)):
            assert httpx2.post(f"{address}/orders", content=body).status_code == 413
        assert httpx2.post(f"{address}/orders", content=b"x" * 5).status_code == 200


def test_a_websocket_is_not_passed_on(through: Through) -> None:
    echo = Echo()
    upgrade = (
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    )
    upgrade += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with through(echo) as address, connect(address) as client:
        client.sendall(b"GET /orders HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
        assert client.recv(1024).startswith(b"HTTP/1.1 403")
    assert echo.seen == []


def test_a_path_in_upstream_is_ignored(
    through: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = Echo()
    with through(echo) as address:
        monkeypatch.setattr(gateway, "UPSTREAM", f"{gateway.UPSTREAM}/v1")
        assert raw(address, b"GET /orders/1").startswith(b"HTTP/1.1 200")
    assert echo.seen[0]["raw_path"] == b"/orders/1"


def test_base_url_does_not_keep_a_path_on_the_service(
    through: Through, serve: Any
) -> None:
    elsewhere = FastAPI()
    elsewhere.get("/secret")(lambda: "internal")
    with (
        through(Echo(), wrong_any_address) as address,
        serve(elsewhere) as (other, _),
    ):
        assert raw(address, f"GET /{other}/secret".encode()).endswith(b'"internal"')


def test_base_url_does_not_keep_a_prefix() -> None:
    with httpx2.Client(base_url="http://orders/public") as client:
        assert (
            str(client.build_request("GET", "/../admin").url) == "http://orders/admin"
        )
    assert httpx2.URL("http://orders" + "@evil.example/").host == "evil.example"


def test_by_default_both_sides_close_an_idle_connection_after_the_same_time() -> None:
    assert httpx2.Limits().keepalive_expiry == 5
    assert uvicorn.Config(gateway.app).timeout_keep_alive == 5


def test_gunicorn_closes_an_idle_connection_after_two_seconds_by_default() -> None:
    assert import_module("gunicorn.config").Config().keepalive == 2


def login() -> FastAPI:
    """Return a service that gives a session to whom has none, and says whose it is."""
    upstream = FastAPI()
    names = iter(["ada", "bob"])

    @upstream.get("/account")
    @upstream.get("/orders")
    def account(request: Request, response: Response) -> str:
        if name := request.cookies.get("session"):
            return name
        name = next(names)
        response.set_cookie("session", name)
        return name

    return upstream


def test_the_cookies_of_one_user_are_sent_for_the_next(through: Through) -> None:
    with through(login(), wrong_shared_cookies) as address:
        assert httpx2.get(f"{address}/account").json() == "ada"
        assert httpx2.get(f"{address}/account").json() == "ada"


def test_the_gateway_keeps_no_cookie_for_the_next(through: Through) -> None:
    with through(login()) as address:
        assert httpx2.get(f"{address}/orders").json() == "ada"
        assert httpx2.get(f"{address}/orders").json() == "bob"


def test_the_client_of_the_gateway_stores_no_cookies(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = list[httpx2.AsyncClient]()
    real = httpx2.AsyncClient

    def client(**options: Any) -> httpx2.AsyncClient:
        clients.append(real(**options))
        return clients[-1]

    monkeypatch.setattr(httpx2, "AsyncClient", client)
    cookies = Echo([(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")])
    with (
        serve(cookies, lifespan="off") as (service, _),
        serve(gateway.app) as (address, _),
    ):
        monkeypatch.setattr(gateway, "UPSTREAM", service)
        assert len(httpx2.get(f"{address}/orders").cookies) == 2
    assert len(clients[0].cookies) == 0


def test_an_ordinary_client_keeps_each_new_name() -> None:
    numbers = iter(range(20))

    def service(request: httpx2.Request) -> httpx2.Response:
        cookie = f"state_{next(numbers)}=1; Max-Age=60"
        return httpx2.Response(200, headers={"set-cookie": cookie})

    with httpx2.Client(transport=httpx2.MockTransport(service)) as client:
        for _ in range(20):
            client.send(httpx2.Request("GET", "http://orders/"))
        assert len(client.cookies) == 20


def test_headers_of_a_compressed_body_do_not_fit_the_decoded_one(
    through: Through,
) -> None:
    upstream = FastAPI()

    @upstream.get("/orders")
    def packed() -> Response:
        response = Response(gzip.compress(b"orders" * 100))
        response.headers["Content-Encoding"] = "gzip"
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    with through(upstream, wrong_headers_back) as address:
        answer = raw(address, b"GET /orders")
        assert b"set-cookie: a=1; Path=/; SameSite=lax, b=2;" in answer
        assert answer.count(b"date: ") == 2
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(f"{address}/orders")

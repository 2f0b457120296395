import base64
import hashlib
import logging
import re
import socket
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from snippets.websockets.websocket import echo, server_push, wrong_one_way
from snippets.websockets.websocket.client import talk

DAY = "Sat, 28 Nov 2026 12:00:00 GMT"
PATIENCE = 30.0
# The example key of RFC 6455, section 1.3.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = "\r\n".join(
    (
        "GET /echo HTTP/1.1",
        "Host: example.com",
        "Origin: https://example.com",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        "\r\n",
    )
)


def connect(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def head(client: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte
        data += byte
    return data.decode()


def frame(client: socket.socket) -> bytes:
    """Read one unmasked frame of less than 126 bytes."""
    start = client.recv(2, socket.MSG_WAITALL)
    return start + (client.recv(start[1], socket.MSG_WAITALL) if start[1] else b"")


def masked(opcode: int, payload: bytes, key: bytes = b"\x01\x02\x03\x04") -> bytes:
    body = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + key + body


@pytest.mark.since(uvicorn="0.52.4")
def test_the_answer_to_the_handshake_has_one_date(serve: Any, recorded: Any) -> None:
    with serve(echo.app) as (url, _), connect(url) as client:
        client.sendall(REQUEST.encode())
        answer = head(client)
    assert answer.startswith("HTTP/1.1 101 Switching Protocols")
    answer, dates = re.subn("(?im)^date: .*GMT", f"date: {DAY}", answer)
    assert dates == 1
    recorded("handshake.http", (REQUEST + answer).replace("\r\n", "\n"))


def test_after_the_handshake_the_same_connection_carries_frames(serve: Any) -> None:
    with serve(echo.app) as (url, _), connect(url) as client:
        client.sendall(REQUEST.encode())
        head(client)
        client.sendall(masked(0x1, b"hi"))
        assert frame(client)[2:] == b"you said hi"
        client.sendall(masked(0x8, b""))
        assert frame(client) == bytes([0x88, 0])  # a close frame


def test_the_client_hears_an_answer_to_each_message(
    serve: Any, recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(echo.app) as (url, _):
        talk(url.replace("http", "ws") + "/echo")
    recorded("talk.txt", capsys.readouterr().out)


def test_a_client_that_leaves_ends_the_echo_without_an_error() -> None:
    with TestClient(echo.app).websocket_connect("/echo") as client:
        client.send_text("a")
        assert client.receive_text() == "you said a"
        client.close(1001)


def test_a_binary_message_ends_the_echo_in_a_key_error() -> None:
    def send_binary() -> None:
        with TestClient(echo.app).websocket_connect("/echo") as client:
            client.send_bytes(b"hi")
            client.receive_text()

    with pytest.raises(KeyError, match="text"):
        send_binary()


def test_a_page_of_another_origin_is_let_in_unless_the_endpoint_checks(
    serve: Any,
) -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://example.com"])
    app.include_router(echo.app.router)
    foreign = REQUEST.replace("https://example.com", "https://evil.example")
    with serve(app) as (url, _), connect(url) as client:
        client.sendall(foreign.encode())
        assert head(client).startswith("HTTP/1.1 101 ")


def test_http_keeps_its_connection_too(serve: Any) -> None:
    with serve(echo.app) as (url, _), connect(url) as client:
        for _ in range(2):
            client.sendall(b"GET /docs HTTP/1.1\r\nHost: example.com\r\n\r\n")
            answer = head(client)
            assert answer.startswith("HTTP/1.1 200 OK")
            (length,) = re.findall(r"content-length: (\d+)", answer)
            client.recv(int(length), socket.MSG_WAITALL)


def test_the_accept_header_is_a_hash_of_the_key_and_no_secret(serve: Any) -> None:
    guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    digest = hashlib.sha1((KEY + guid).encode(), usedforsecurity=False).digest()
    with serve(echo.app) as (url, _), connect(url) as client:
        client.sendall(REQUEST.encode())
        assert base64.b64encode(digest).decode() in head(client)


def test_without_a_websocket_library_the_handshake_is_answered_like_a_get(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with serve(echo.app, ws="none") as (url, _), connect(url) as client:
        client.sendall(REQUEST.encode())
        assert head(client).startswith("HTTP/1.1 404 Not Found")
    assert "Unsupported upgrade request." in caplog.text
    assert "No supported WebSocket library detected" in caplog.text


@pytest.mark.parametrize("path", ["/wrong", "/http", "/number?n=x"])
def test_an_unknown_path_an_http_route_and_an_invalid_parameter_are_403(
    serve: Any, path: str
) -> None:
    app = FastAPI()

    @app.get("/http")
    async def http() -> None: ...

    @app.websocket("/number")
    async def number(websocket: WebSocket, n: int) -> None:
        await websocket.accept()

    with serve(app) as (url, _), connect(url) as client:
        client.sendall(REQUEST.replace("/echo", path).encode())
        assert head(client).startswith("HTTP/1.1 403 Forbidden")


@pytest.mark.parametrize("path", ["/raises", "/returns"])
def test_an_endpoint_that_raises_or_returns_before_accept_is_500(
    serve: Any, path: str
) -> None:
    app = FastAPI()

    @app.websocket("/raises")
    async def raises(websocket: WebSocket) -> None:
        raise ValueError

    @app.websocket("/returns")
    async def returns(websocket: WebSocket) -> None: ...

    with serve(app) as (url, _), connect(url) as client:
        client.sendall(REQUEST.replace("/echo", path).encode())
        assert head(client).startswith("HTTP/1.1 500 Internal Server Error")


def test_an_http_exception_before_accept_gives_its_status(serve: Any) -> None:
    app = FastAPI()

    @app.websocket("/echo")
    async def refuses(websocket: WebSocket) -> None:
        raise HTTPException(402)

    with serve(app) as (url, _), connect(url) as client:
        client.sendall(REQUEST.encode())
        assert head(client).startswith("HTTP/1.1 402 Payment Required")


def test_a_plain_get_of_a_websocket_path_is_404() -> None:
    assert TestClient(echo.app).get("/echo").status_code == 404


def test_the_echo_answers_each_message() -> None:
    with TestClient(echo.app).websocket_connect("/echo") as client:
        for text in ("a", "b"):
            client.send_text(text)
            assert client.receive_text() == f"you said {text}"


def test_the_server_may_send_without_being_asked() -> None:
    with TestClient(wrong_one_way.app).websocket_connect("/prices") as client:
        assert [client.receive_json(), client.receive_json()] == [10.5, 10.7]
        with pytest.raises(WebSocketDisconnect) as closed:
            client.receive_json()
    assert closed.value.code == 1000


def test_server_sent_events_push_the_same_over_plain_http(recorded: Any) -> None:
    response = TestClient(server_push.app).get("/prices")
    assert response.headers["content-type"].startswith("text/event-stream")
    recorded("events.txt", response.text)


def test_a_websocket_route_is_not_in_the_openapi_document() -> None:
    assert echo.app.openapi()["paths"] == {}
    assert list(server_push.app.openapi()["paths"]) == ["/prices"]


def test_function_middleware_sees_server_sent_events_and_no_websocket() -> None:
    seen: list[str] = []

    async def spy(request: Any, call_next: Any) -> Any:
        seen.append(request.url.path)
        return await call_next(request)

    app = FastAPI()
    app.middleware("http")(spy)
    app.include_router(server_push.app.router)

    @app.websocket("/socket")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    client = TestClient(app)
    client.get("/prices")
    with client.websocket_connect("/socket"):
        pass
    assert seen == ["/prices"]

import base64
import hashlib
import logging
import socket
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from snippets.websockets.websocket import echo, server_push, wrong_one_way

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
def test_the_connection_begins_as_an_http_request_and_goes_on_in_frames(
    serve: Any, recorded: Any
) -> None:
    with serve(echo.app, date_header=False) as (url, _), connect(url) as client:
        client.sendall(REQUEST.encode())
        answer = head(client)
        assert answer.startswith("HTTP/1.1 101 Switching Protocols")
        recorded("handshake.http", (REQUEST + answer).replace("\r\n", "\n"))
        hello, bye = masked(0x1, b"hi"), masked(0x8, b"")
        client.sendall(hello)
        text = frame(client)
        client.sendall(bye)
        close = frame(client)
    lines = [
        f"client  {hello.hex(' ')}",
        f"server  {text.hex(' ')}",
        f"client  {bye.hex(' ')}",
        f"server  {close.hex(' ')}",
    ]
    assert text[2:] == b"you said hi"
    recorded("frames.txt", "\n".join(lines))


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

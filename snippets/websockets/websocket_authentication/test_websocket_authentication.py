import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response, WebSocket
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
    OAuth2PasswordBearer,
    OpenIdConnect,
)
from fastapi.testclient import TestClient
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import HTTPConnection
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from snippets.websockets.websocket_authentication import (
    bearer_header,
    ends_with_the_token,
    first_message,
    origin_and_cookie,
    subprotocol_token,
    wrong_any_origin,
    wrong_endless_session,
    wrong_query_token,
)

PATIENCE = 30.0
OURS = {"Origin": "https://app.example.com", "Cookie": "session=cookie-of-alice"}
EVIL = {"Origin": "https://evil.example", "Cookie": "session=cookie-of-alice"}


def read(module: ModuleType, headers: dict[str, str], **options: Any) -> str:
    client = TestClient(module.app)
    path = options.pop("path", "/inbox")
    headers = dict(headers)  # websocket_connect adds to what it gets
    with client.websocket_connect(path, headers=headers, **options) as session:
        return session.receive_text()


def handshake(url: str, path: str, headers: dict[str, str]) -> str:
    """Return the head of the real server's answer to a handshake."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: api.example.com",
        *(f"{name}: {value}" for name, value in headers.items()),
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    request = "\n".join(lines)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
        client.sendall(request.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = client.recv(1)
            assert chunk
            data += chunk
    answer = data.decode().replace("\r\n", "\n")
    kept = [line for line in answer.split("\n") if not line.startswith("Date:")]
    return request + "\n\n" + "\n".join(kept).strip()


def test_a_page_of_another_site_reads_with_the_users_cookie_in_spite_of_cors() -> None:
    assert read(wrong_any_origin, EVIL) == "inbox of alice"


def test_the_real_handshake_of_the_other_site_is_accepted(
    serve: Any, recorded: Any
) -> None:
    with serve(wrong_any_origin.app) as (url, _):
        exchange = handshake(url, "/inbox", EVIL)
    assert "HTTP/1.1 101 " in exchange
    lines = [line for line in exchange.split("\n") if not line.startswith("date:")]
    recorded("hijacked.http", "\n".join(lines))


def test_with_the_origin_check_our_own_page_is_let_in() -> None:
    assert read(origin_and_cookie, OURS) == "inbox of alice"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (EVIL, "origin"),
        ({"Cookie": OURS["Cookie"]}, "origin"),
        (OURS | {"Origin": "null"}, "origin"),
        ({"Origin": OURS["Origin"]}, "session"),
        (OURS | {"Cookie": "session=x"}, "session"),
    ],
)
def test_another_origin_or_no_session_is_refused_before_accept(
    headers: dict[str, str], reason: str
) -> None:
    with pytest.raises(WebSocketDisconnect) as refused:
        read(origin_and_cookie, headers)
    assert (refused.value.code, refused.value.reason) == (1008, reason)


def test_on_the_wire_a_refusal_before_accept_is_403_without_code_and_reason(
    serve: Any, recorded: Any
) -> None:
    with serve(origin_and_cookie.app) as (url, _):
        exchange = handshake(url, "/inbox", EVIL)
    answer = exchange.split("\n\n")[1]
    assert "1008" not in answer
    assert "origin" not in answer
    recorded("denied.http", exchange)


def test_cors_middleware_adds_nothing_to_a_websocket(serve: Any) -> None:
    with serve(wrong_any_origin.app) as (url, _):
        exchange = handshake(url, "/inbox", OURS)
    assert "HTTP/1.1 101 " in exchange
    assert "access-control" not in exchange.lower()


def test_a_bearer_token_in_the_header_is_taken() -> None:
    headers = {"Authorization": "Bearer token-of-alice"}
    assert read(bearer_header, headers) == "inbox of alice"


@pytest.mark.parametrize(
    ("headers", "detail"),
    [({}, "Not authenticated"), ({"Authorization": "Bearer x"}, "Unauthorized")],
)
def test_a_missing_or_wrong_bearer_token_is_401_with_the_body_of_the_exception(
    headers: dict[str, str], detail: str
) -> None:
    with pytest.raises(WebSocketDenialResponse) as refused:
        read(bearer_header, headers)
    assert refused.value.status_code == 401
    assert refused.value.headers["www-authenticate"] == "Bearer"
    assert refused.value.json() == {"detail": detail}


@pytest.mark.parametrize(
    "scheme",
    [
        APIKeyCookie(name="key"),
        APIKeyHeader(name="key"),
        APIKeyQuery(name="key"),
        HTTPBasic(),
        HTTPBearer(),
        HTTPDigest(),
        OAuth2PasswordBearer(tokenUrl="token"),
        OpenIdConnect(openIdConnectUrl="/openid"),
    ],
    ids=lambda scheme: type(scheme).__name__,
)
def test_every_security_class_answers_a_handshake_without_credentials_with_401(
    scheme: Callable[..., Any],
) -> None:
    app = FastAPI()

    @app.websocket("/inbox", dependencies=[Depends(scheme)])
    async def inbox(websocket: WebSocket) -> None:
        await websocket.accept()

    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        TestClient(app).websocket_connect("/inbox"),
    ):
        pass
    assert refused.value.status_code == 401


def test_the_401_is_on_the_wire_too(serve: Any) -> None:
    with serve(bearer_header.app) as (url, _):
        assert "HTTP/1.1 401 Unauthorized" in handshake(url, "/inbox", {})


def test_a_401_at_the_handshake_is_an_error_line_in_the_log_and_a_403_is_none(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(origin_and_cookie.app) as (url, _):
        assert "HTTP/1.1 403 " in handshake(url, "/inbox", EVIL)
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
    with serve(bearer_header.app) as (url, _):
        assert "HTTP/1.1 401 " in handshake(url, "/inbox", {})
    errors = [r.message for r in caplog.records if r.levelno >= logging.ERROR]
    assert errors == ["ASGI callable returned without completing handshake."]


def test_a_parameter_of_type_request_breaks_a_websocket_endpoint() -> None:
    app = FastAPI()

    def user(request: Request) -> str:
        return request.headers.get("x-user", "")

    @app.websocket("/inbox", dependencies=[Depends(user)])
    async def inbox(websocket: WebSocket) -> None:
        await websocket.accept()

    client = TestClient(app)
    with (
        pytest.raises(TypeError, match="missing 1 required positional argument"),
        client.websocket_connect("/inbox"),
    ):
        pass


def test_a_parameter_of_type_http_connection_works_in_both() -> None:
    app = FastAPI()

    def user(connection: HTTPConnection) -> str:
        return connection.headers["x-user"]

    @app.get("/me")
    async def me(user: Annotated[str, Depends(user)]) -> str:
        return user

    @app.websocket("/inbox")
    async def inbox(websocket: WebSocket, user: Annotated[str, Depends(user)]) -> None:
        await websocket.accept()
        await websocket.send_text(user)
        await websocket.close()

    client = TestClient(app, headers={"X-User": "alice"})
    assert client.get("/me").json() == "alice"
    with client.websocket_connect("/inbox", headers={"X-User": "alice"}) as session:
        assert session.receive_text() == "alice"


def test_basic_credentials_of_a_browser_reach_a_websocket_endpoint() -> None:
    app = FastAPI()

    @app.websocket("/inbox")
    async def inbox(
        websocket: WebSocket,
        sent: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())],
    ) -> None:
        await websocket.accept()
        await websocket.send_text(sent.username)
        await websocket.close()

    headers = EVIL | {"Authorization": "Basic YWxpY2U6cHc="}
    with TestClient(app).websocket_connect("/inbox", headers=headers) as session:
        assert session.receive_text() == "alice"


def test_a_token_in_the_query_string_is_in_the_servers_log(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serve(wrong_query_token.app) as (url, _):
        path = "/inbox?token=token-of-alice"
        assert "HTTP/1.1 101 " in handshake(url, path, {})
    assert '"WebSocket /inbox?token=token-of-alice" [accepted]' in caplog.text


def test_the_log_line_comes_with_the_access_log_switched_off(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serve(wrong_query_token.app, access_log=False) as (url, _):
        handshake(url, "/inbox?token=token-of-alice", {})
    (name,) = {r.name for r in caplog.records if "token-of-alice" in r.getMessage()}
    assert name == "uvicorn.error"


def test_the_query_token_works_and_a_wrong_one_is_refused() -> None:
    path = "/inbox?token=token-of-alice"
    assert read(wrong_query_token, {}, path=path) == "inbox of alice"
    with pytest.raises(WebSocketDisconnect):
        read(wrong_query_token, {}, path="/inbox?token=x")


def test_the_token_in_a_subprotocol_is_not_sent_back() -> None:
    client = TestClient(subprotocol_token.app)
    protocols = ["inbox.v1", "token-of-alice"]
    with client.websocket_connect("/inbox", subprotocols=protocols) as session:
        assert session.receive_text() == "inbox of alice"
        assert session.accepted_subprotocol == "inbox.v1"


@pytest.mark.parametrize("protocols", [[], ["inbox.v1"], ["inbox.v1", "x"]])
def test_a_subprotocol_without_a_valid_token_is_refused(protocols: list[str]) -> None:
    with pytest.raises(WebSocketDisconnect) as refused:
        read(subprotocol_token, {}, subprotocols=protocols)
    assert refused.value.code == 1008


def first(data: str | bytes | None) -> tuple[str, int | None]:
    with TestClient(first_message.app).websocket_connect("/inbox") as client:
        if isinstance(data, str):
            client.send_text(data)
        elif data is not None:
            client.send_bytes(data)
        message = client.receive()
    return message["type"], message.get("code")


def test_the_first_message_authenticates() -> None:
    assert first("token-of-alice") == ("websocket.send", None)


@pytest.mark.parametrize("data", ["x", b"token-of-alice"])
def test_a_wrong_or_binary_first_message_is_closed_with_1008(data: str | bytes) -> None:
    assert first(data) == ("websocket.close", 1008)


def test_a_client_that_stays_silent_is_closed_with_1008(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(first_message, "LOGIN_SECONDS", 0.0)
    assert first(None) == ("websocket.close", 1008)


def test_nothing_ends_a_connection_when_the_token_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overrides = wrong_endless_session.app.dependency_overrides
    user = wrong_endless_session.User(name="alice", expires=time.time() - 1)
    monkeypatch.setitem(overrides, wrong_endless_session.current_user, lambda: user)
    with TestClient(wrong_endless_session.app).websocket_connect("/inbox") as client:
        client.send_text("still here")
        assert client.receive_text() == "alice: still here"


def test_with_the_deadline_the_connection_ends_when_the_token_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overrides = ends_with_the_token.app.dependency_overrides
    user = ends_with_the_token.User(name="alice", expires=time.time())
    monkeypatch.setitem(overrides, ends_with_the_token.current_user, lambda: user)
    with (
        TestClient(ends_with_the_token.app).websocket_connect("/inbox") as client,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        client.receive_text()
    assert (closed.value.code, closed.value.reason) == (1008, "token expired")


def test_another_timeout_inside_the_endpoint_is_not_taken_for_the_deadline() -> None:
    app = ends_with_the_token.app

    def send_and_fail() -> None:
        with TestClient(app).websocket_connect("/inbox") as client:
            client.send({"type": "websocket.receive", "text": Fails()})

    class Fails:
        def __str__(self) -> str:
            raise TimeoutError("inside")

    with pytest.raises(TimeoutError, match="inside"):
        send_and_fail()


def test_a_client_that_leaves_before_it_authenticates_ends_the_endpoint_quietly() -> (
    None
):
    with TestClient(first_message.app).websocket_connect("/inbox") as client:
        client.close(1001)
    assert client.accepted_subprotocol is None


async def expire(app: FastAPI, *, leaves: bool) -> None:
    """Run the endpoint for a client that sends, and then leaves or never reads."""
    received: asyncio.Queue[Message] = asyncio.Queue()
    received.put_nowait({"type": "websocket.connect"})
    received.put_nowait({"type": "websocket.receive", "text": "token-of-alice"})

    async def send(message: Message) -> None:
        if message["type"] == "websocket.accept":
            return
        if leaves:
            raise OSError("as Uvicorn raises when the client has left")
        await asyncio.Event().wait()  # as Uvicorn does while the write buffer is full

    scope = {"type": "websocket", "path": "/inbox", "headers": [], "query_string": b""}
    async with asyncio.timeout(PATIENCE):
        await app(scope, received.get, send)


@pytest.mark.parametrize("leaves", [True, False])
def test_a_client_that_leaves_or_never_reads_ends_the_expiring_endpoint_quietly(
    leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends_with_the_token, "CLOSE_SECONDS", 0.0)
    overrides = ends_with_the_token.app.dependency_overrides
    expires = time.time() + (PATIENCE if leaves else 0.1)
    user = ends_with_the_token.User(name="alice", expires=expires)
    monkeypatch.setitem(overrides, ends_with_the_token.current_user, lambda: user)
    started = time.time()
    asyncio.run(expire(ends_with_the_token.app, leaves=leaves))
    assert time.time() - started < PATIENCE


def test_a_connection_that_uvicorn_has_closed_ends_the_expiring_endpoint_quietly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overrides = ends_with_the_token.app.dependency_overrides
    user = ends_with_the_token.User(name="alice", expires=time.time())
    monkeypatch.setitem(overrides, ends_with_the_token.current_user, lambda: user)
    received: asyncio.Queue[Message] = asyncio.Queue()
    received.put_nowait({"type": "websocket.connect"})
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "websocket.close":  # after its own ping timeout
            raise RuntimeError("as Uvicorn raises until the connection is lost")

    scope = {"type": "websocket", "path": "/inbox", "headers": [], "query_string": b""}
    asyncio.run(ends_with_the_token.app(scope, received.get, send))
    assert sent == ["websocket.accept", "websocket.close"]


def test_a_client_that_leaves_right_after_its_first_message_is_no_error() -> None:
    asyncio.run(expire(first_message.app, leaves=True))
    assert first("token-of-alice") == ("websocket.send", None)


def test_a_binary_message_ends_the_loop_with_a_key_error() -> None:
    def send_binary() -> None:
        with TestClient(ends_with_the_token.app).websocket_connect("/inbox") as client:
            client.send_bytes(b"hi")
            client.receive_text()

    with pytest.raises(KeyError, match="text"):
        send_binary()


def test_until_then_the_connection_works() -> None:
    with TestClient(ends_with_the_token.app).websocket_connect("/inbox") as client:
        client.send_text("hi")
        assert client.receive_text() == "alice: hi"


def open_endpoint(app: FastAPI | APIRouter) -> None:
    @app.websocket("/inbox")
    async def inbox(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("open")
        await websocket.close()


def test_authentication_in_function_middleware_does_not_cover_websockets() -> None:
    app = FastAPI()
    open_endpoint(app)

    @app.middleware("http")
    async def deny(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return Response(status_code=401)

    client = TestClient(app)
    assert client.get("/").status_code == 401
    with client.websocket_connect("/inbox") as session:
        assert session.receive_text() == "open"


@pytest.mark.parametrize("place", ["application", "router"])
def test_dependencies_of_the_application_or_a_router_cover_websockets(
    place: str,
) -> None:
    guard = [Depends(HTTPBearer())]
    app = FastAPI(dependencies=guard if place == "application" else [])
    router = APIRouter(dependencies=guard if place == "router" else [])
    open_endpoint(router)
    app.include_router(router)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        TestClient(app).websocket_connect("/inbox"),
    ):
        pass
    assert refused.value.status_code == 401


def test_dependencies_of_the_application_do_not_cover_a_mounted_application() -> None:
    app = FastAPI(dependencies=[Depends(HTTPBearer())])
    mounted = FastAPI()
    open_endpoint(mounted)
    app.mount("/mounted", mounted)
    with TestClient(app).websocket_connect("/mounted/inbox") as session:
        assert session.receive_text() == "open"


def test_trusted_host_middleware_covers_websockets() -> None:
    app = FastAPI()
    open_endpoint(app)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.com"])
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        TestClient(app).websocket_connect("/inbox"),
    ):
        pass
    assert refused.value.status_code == 400


def test_the_original_example_lets_everybody_in() -> None:
    app = FastAPI()
    open_endpoint(app)
    with TestClient(app).websocket_connect("/inbox", headers=dict(EVIL)) as session:
        assert session.receive_text() == "open"


def test_a_dependency_runs_once_at_the_handshake_and_not_for_each_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    done = threading.Event()

    def current_user() -> wrong_endless_session.User:
        calls.append("checked")
        done.set()
        return wrong_endless_session.User(name="alice", expires=0)

    overrides = wrong_endless_session.app.dependency_overrides
    monkeypatch.setitem(overrides, wrong_endless_session.current_user, current_user)
    with TestClient(wrong_endless_session.app).websocket_connect("/inbox") as client:
        for text in ("a", "b"):
            client.send_text(text)
            client.receive_text()
    assert calls == ["checked"]

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.testclient import TestClient
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.base import RequestResponseEndpoint as Next
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from snippets.conftest import refusal_to_start
from snippets.middleware.middleware_order import (
    look_at_status,
    order,
    session_outside,
    wrong_catch_http_exception,
    wrong_session_inside,
)

Recorder = Callable[[str, str], None]


def test_the_last_one_added_is_outermost_and_the_first_one_listed(
    capsys: pytest.CaptureFixture[str], recorded: Recorder
) -> None:
    assert TestClient(order.app).get("/report").text == "3"
    recorded("trace.txt", capsys.readouterr().out)


def layers(app: FastAPI) -> list[str]:
    """Return the names of the layers of an application, outermost first."""
    TestClient(app).get("/docs")
    names = []
    layer: Any = app.middleware_stack
    while layer is not app.router:
        name = type(layer).__name__
        if isinstance(layer, BaseHTTPMiddleware):
            name += f"({layer.dispatch_func.__name__})"
        if isinstance(layer, order.Layer):
            name += f"({layer.name})"
        names.append(name)
        layer = layer.app
    return [*names, type(layer).__name__]


@pytest.mark.since(fastapi="0.164.0")
def test_the_stack_that_fastapi_builds(recorded: Recorder) -> None:
    recorded("stack.txt", "\n".join(layers(order.app)))


def test_user_middleware_lists_the_own_layers_outermost_first() -> None:
    app = FastAPI()
    app.add_middleware(order.Layer, name="A")
    app.add_middleware(order.Layer, name="B")
    assert app.middleware_stack is None
    own = [repr(record) for record in app.user_middleware]
    assert own == ["Middleware(Layer, name='B')", "Middleware(Layer, name='A')"]


def test_calling_one_function_from_another_makes_no_layer() -> None:
    app = FastAPI()

    async def helper(request: Request, call_next: Next) -> Response:
        return await call_next(request)

    @app.middleware("http")
    async def chained(request: Request, call_next: Next) -> Response:
        return await helper(request, call_next)

    own = [name for name in layers(app) if name.startswith("BaseHTTP")]
    assert own == ["BaseHTTPMiddleware(chained)"]


@pytest.mark.parametrize("url", ["/report", "/no-such-path"])
def test_a_layer_that_answers_itself_keeps_the_request_from_those_inside(
    url: str,
) -> None:
    app = FastAPI()
    inside = []

    @app.middleware("http")
    async def inner(request: Request, call_next: Next) -> Response:
        inside.append(request.url.path)
        return await call_next(request)

    @app.middleware("http")
    async def outer(request: Request, call_next: Next) -> Response:
        return JSONResponse({"detail": "Maintenance"}, 503)

    assert TestClient(app).get(url).status_code == 503
    assert inside == []


def test_session_middleware_added_first_runs_too_late() -> None:
    with pytest.raises(
        AssertionError,
        match=r"SessionMiddleware must be installed to access request\.session",
    ):
        TestClient(wrong_session_inside.app).put("/language/de")


def test_after_call_next_a_layer_outside_can_read_the_session() -> None:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="s" * 32)

    @app.middleware("http")
    async def read(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        response.headers["Content-Language"] = request.session["language"]
        return response

    @app.get("/")
    def choose(request: Request) -> None:
        request.session["language"] = "de"

    assert TestClient(app).get("/").headers["content-language"] == "de"


def test_session_middleware_added_last_runs_first() -> None:
    client = TestClient(session_outside.app)
    languages = [
        client.put("/language/de").headers["Content-Language"] for _ in range(2)
    ]
    assert languages == ["en", "de"]


def test_without_the_key_of_all_workers_the_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for missing in (None, ""):
        refusal = refusal_to_start(
            monkeypatch, session_outside.app, "SESSION_KEY", missing
        )
        assert "SESSION_KEY is missing" in refusal
    monkeypatch.setenv("SESSION_KEY", "a key of the tests")
    with TestClient(session_outside.app):
        pass


@pytest.mark.parametrize("language", ["\u65e5\u672c", "a\r\nX-Evil: 1"])
def test_a_session_never_holds_a_language_that_is_no_header(language: str) -> None:
    client = TestClient(session_outside.app)
    assert client.put(f"/language/{quote(language)}").status_code == 422
    assert client.put("/language/de").headers["Content-Language"] == "en"


def test_an_http_exception_of_an_endpoint_arrives_as_a_response(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = TestClient(wrong_catch_http_exception.app)
    with caplog.at_level(logging.WARNING, wrong_catch_http_exception.__name__):
        assert client.get("/report").status_code == 403
    assert caplog.messages == []


def test_the_status_shows_what_was_refused(caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(look_at_status.app)
    with caplog.at_level(logging.WARNING, look_at_status.__name__):
        assert client.get("/report").status_code == 403
    assert caplog.messages == ["refused: 403"]


@pytest.mark.parametrize("cors_last", [True, False])
def test_an_early_answer_has_cors_headers_if_cors_was_added_last(
    cors_last: bool,
) -> None:
    app = FastAPI()

    async def closed(request: Request, call_next: Next) -> Response:
        return JSONResponse({"detail": "Maintenance"}, 503)

    if cors_last:
        app.middleware("http")(closed)
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    if not cors_last:
        app.middleware("http")(closed)
    client = TestClient(app, headers={"Origin": "https://app.example.com"})
    response = client.get("/")
    assert response.status_code == 503
    assert ("Access-Control-Allow-Origin" in response.headers) == cors_last
    preflight = client.options("/", headers={"Access-Control-Request-Method": "GET"})
    assert preflight.status_code == (200 if cors_last else 503)


def test_a_router_included_later_is_inside_all_layers() -> None:
    app = FastAPI()
    seen = []

    @app.middleware("http")
    async def note(request: Request, call_next: Next) -> Response:
        seen.append(request.url.path)
        return await call_next(request)

    router = APIRouter()
    router.get("/report")(lambda: 3)
    app.include_router(router)
    assert TestClient(app).get("/report").status_code == 200
    assert seen == ["/report"]


def test_nothing_can_be_added_after_the_first_request() -> None:
    app = FastAPI()
    TestClient(app).get("/docs")
    with pytest.raises(RuntimeError, match="after an application has started"):
        app.add_middleware(order.Layer, name="late")


class OwnError(Exception): ...


@pytest.mark.parametrize(
    ("error", "arrives_as"),
    [
        (HTTPException(403), 403),
        (OwnError(), 400),
        (ValueError(), ValueError),
    ],
)
def test_only_exceptions_without_a_handler_arrive_as_exceptions(
    error: Exception, arrives_as: Any
) -> None:
    app = FastAPI()
    seen: list[Any] = []

    @app.middleware("http")
    async def note(request: Request, call_next: Next) -> Response:
        try:
            response = await call_next(request)
        except Exception as raised:
            seen.append(type(raised))
            raise
        seen.append(response.status_code)
        return response

    @app.exception_handler(OwnError)
    def handle(request: Request, error: OwnError) -> Response:
        return Response(status_code=400)

    @app.exception_handler(Exception)
    def handle_rest(request: Request, error: Exception) -> Response:
        seen.append("handler for Exception")
        return Response(status_code=500)

    @app.get("/")
    def root() -> None:
        raise error

    TestClient(app, raise_server_exceptions=False).get("/")
    assert seen[0] == arrives_as
    assert seen[1:] == (["handler for Exception"] if arrives_as is ValueError else [])


def test_an_error_after_the_start_of_a_stream_passes_the_function_form() -> None:
    app = FastAPI()
    seen: list[Any] = []

    @app.middleware("http")
    async def note(request: Request, call_next: Next) -> Response:
        try:
            response = await call_next(request)
        except OwnError:
            seen.append("exception")
            raise
        seen.append(response.status_code)
        return response

    class Note:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await self.app(scope, receive, send)
            except OwnError:
                seen.append("exception in the class")
                raise

    async def rows() -> AsyncIterator[str]:
        yield "1\n"
        raise OwnError

    @app.get("/rows")
    def stream() -> StreamingResponse:
        return StreamingResponse(rows())

    app.add_middleware(Note)
    with pytest.raises(OwnError):
        TestClient(app).get("/rows")
    assert seen == [200, "exception in the class"]


@pytest.mark.since(fastapi="0.164.0")
def test_the_body_limit_of_the_application_lets_a_path_operation_run() -> None:
    app = FastAPI(max_body_size=10)
    seen = []

    @app.middleware("http")
    async def note(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        seen.append(str(response.status_code))
        return response

    @app.post("/without-a-body")
    def without_a_body() -> None:
        seen.append("path operation")

    @app.post("/with-a-body")
    def with_a_body(item: dict[str, int]) -> None:
        seen.append("path operation")

    client = TestClient(app)
    body = b'{"number": 1}'
    assert client.post("/without-a-body", content=body).status_code == 413
    assert seen == ["path operation", "200"]
    seen.clear()
    assert client.post("/with-a-body", content=body).status_code == 413
    assert seen == ["413"]


@pytest.mark.parametrize(("outside", "body"), [(True, b"\x1f\x8b"), (False, b"xx")])
def test_a_layer_outside_gzip_sees_compressed_bodies(
    outside: bool, body: bytes
) -> None:
    app = FastAPI()
    seen = []

    class Look:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def look(message: Any) -> None:
                if message["type"] == "http.response.body":
                    seen.append(message["body"][:2])
                await send(message)

            await self.app(scope, receive, look)

    if not outside:
        app.add_middleware(Look)
    app.add_middleware(GZipMiddleware)
    if outside:
        app.add_middleware(Look)

    @app.get("/")
    def root() -> Response:
        return Response("x" * 1000)

    TestClient(app).get("/")
    assert seen == [body]


@pytest.mark.parametrize(("log_last", "logged"), [(True, [400]), (False, [])])
def test_an_access_log_sees_what_is_refused_inside_of_it(
    log_last: bool, logged: list[int]
) -> None:
    app = FastAPI()
    seen = []

    async def log(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    if not log_last:
        app.middleware("http")(log)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["api.example.com"])
    if log_last:
        app.middleware("http")(log)
    assert TestClient(app, base_url="https://evil.example").get("/").status_code == 400
    assert seen == logged


@pytest.mark.parametrize(("log_last", "logged"), [(True, ["OPTIONS"]), (False, [])])
def test_an_access_log_inside_cors_sees_no_preflight(
    log_last: bool, logged: list[str]
) -> None:
    app = FastAPI()
    seen = []

    async def log(request: Request, call_next: Next) -> Response:
        seen.append(request.method)
        return await call_next(request)

    if not log_last:
        app.middleware("http")(log)
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    if log_last:
        app.middleware("http")(log)
    headers = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "GET",
    }
    assert TestClient(app).options("/", headers=headers).status_code == 200
    assert seen == logged


def test_a_mounted_application_makes_its_500_inside_the_layers_of_its_parent() -> None:
    app, part = FastAPI(), FastAPI()
    passed = []

    def named(name: str) -> Any:
        async def note(request: Request, call_next: Next) -> Response:
            passed.append(name)
            return await call_next(request)

        return note

    app.middleware("http")(named("outer"))
    part.middleware("http")(named("part"))

    @app.middleware("http")
    async def add_header(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        response.headers["X-Parent"] = str(response.status_code)
        return response

    app.mount("/part", part)

    @part.get("/report")
    def report() -> None:
        raise ValueError

    client = TestClient(app, raise_server_exceptions=False)
    response = client.get("/part/report")
    assert response.status_code == 500
    assert response.headers["X-Parent"] == "500"
    assert passed == ["outer", "part"]
    assert layers(part)[0] == "ServerErrorMiddleware"

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastapi_cli.cli
import httpx2
import pytest
import uvicorn
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.exceptions import ResponseValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.middleware.base import RequestResponseEndpoint as Next
from starlette.testclient import WebSocketDenialResponse
from typer.testing import CliRunner

from snippets.middleware.cors_on_errors import (
    catch_inside_cors,
    cors_around_everything,
    handler_for_the_class,
    token_dependency,
    wrong_error_handler,
    wrong_token_check_outside,
)

FRONTEND = "https://app.example.com"
ORIGIN = "access-control-allow-origin"
Recorder = Callable[[str, str], None]


def client_of(app: Any, base_url: str = "https://api.example.com") -> TestClient:
    return TestClient(
        app, base_url=base_url, raise_server_exceptions=False, follow_redirects=False
    )


def send(client: TestClient, method: str, path: str, **headers: str) -> httpx2.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, headers={"Origin": FRONTEND} | sent)


def exchange(response: httpx2.Response, **headers: str) -> str:
    """Return a response, and the request before it, as they go over the wire."""
    request = response.request
    return "\n".join(
        [
            f"{request.method} {request.url.raw_path.decode()} HTTP/1.1",
            f"Host: {request.url.host}",
            f"Origin: {FRONTEND}",
            *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
            f"\nHTTP/1.1 {response.status_code} {response.reason_phrase}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
            f"\n{response.text}",
        ]
    )


def test_the_answer_of_a_handler_for_exception_has_no_cors_headers(
    recorded: Recorder,
) -> None:
    response = send(
        client_of(wrong_error_handler.app), "GET", "/share?total=1&people=0"
    )
    assert response.status_code == 500
    assert ORIGIN not in response.headers
    recorded("unhandled.http", exchange(response))


def test_wrapped_the_same_answer_has_them(recorded: Recorder) -> None:
    response = send(
        client_of(cors_around_everything.app), "GET", "/share?total=1&people=0"
    )
    assert response.status_code == 500
    assert response.headers[ORIGIN] == FRONTEND
    recorded("wrapped.http", exchange(response))


@pytest.mark.parametrize("cors_last", [False, True])
def test_no_order_of_add_middleware_changes_that(cors_last: bool) -> None:
    app = FastAPI()
    app.get("/share")(wrong_error_handler.share)
    others: list[tuple[Any, dict[str, Any]]] = [
        (GZipMiddleware, {}),
        (CORSMiddleware, {"allow_origins": [FRONTEND]}),
    ]
    for middleware, options in others if cors_last else reversed(others):
        app.add_middleware(middleware, **options)
    response = send(client_of(app), "GET", "/share?total=1&people=0")
    assert response.status_code == 500
    assert ORIGIN not in response.headers


def test_lifespan_and_websockets_pass_through_the_wrapper() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("startup")
        yield

    api = FastAPI(lifespan=lifespan)

    @api.websocket("/ws")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    with TestClient(CORSMiddleware(api)) as client:
        assert events == ["startup"]
        with client.websocket_connect("/ws") as websocket:
            assert websocket.receive_text() == "hello"


def test_the_wrapper_has_not_the_interface_of_fastapi() -> None:
    assert not hasattr(cors_around_everything.app, "dependency_overrides")
    assert cors_around_everything.api.dependency_overrides == {}


@pytest.mark.parametrize("module", [wrong_error_handler, cors_around_everything])
def test_the_server_still_sees_the_exception(module: Any) -> None:
    client = TestClient(module.app)
    with pytest.raises(ZeroDivisionError):
        client.get("/share?total=1&people=0")


def test_the_wrapped_application_answers_preflights() -> None:
    asked = send(
        client_of(cors_around_everything.app),
        "OPTIONS",
        "/share?total=1&people=0",
        Access_Control_Request_Method="GET",
    )
    assert asked.status_code == 200


@pytest.fixture
def run_fastapi(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., str | None]:
    """Return ``run_fastapi(*arguments)``: which object `fastapi run` serves, or None."""
    source = Path(cors_around_everything.__file__)
    (tmp_path / "main.py").write_text(source.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments: str, entrypoint: bool) -> str | None:
        pyproject = '[tool.fastapi]\nentrypoint = "main:app"\n' if entrypoint else ""
        (tmp_path / "pyproject.toml").write_text(pyproject)
        served: list[str] = []
        monkeypatch.setattr(uvicorn, "run", lambda app, **_: served.append(app))
        monkeypatch.delitem(sys.modules, "main", raising=False)
        CliRunner().invoke(fastapi_cli.cli.app, ["run", *arguments])
        monkeypatch.delitem(sys.modules, "main", raising=False)
        return served[0] if served else None

    return run


def test_fastapi_run_with_a_path_serves_the_application_inside_the_wrapper(
    run_fastapi: Callable[..., str | None],
) -> None:
    assert run_fastapi(entrypoint=False) == "main:api"
    assert run_fastapi("main.py", entrypoint=False) == "main:api"
    assert run_fastapi("main.py", entrypoint=True) == "main:api"
    assert run_fastapi(entrypoint=True) == "main:app"
    assert run_fastapi("main.py", "--app", "app", entrypoint=False) is None


def test_an_exception_with_a_handler_for_its_class_is_answered_inside() -> None:
    response = send(
        client_of(handler_for_the_class.app), "GET", "/share?total=1&people=0"
    )
    assert response.status_code == 400
    assert response.headers[ORIGIN] == FRONTEND


def test_a_middleware_inside_cors_can_answer_every_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = TestClient(catch_inside_cors.app)  # the server sees no exception
    with caplog.at_level(logging.ERROR):
        response = send(client, "GET", "/share?total=1&people=0")
    assert response.status_code == 500
    assert response.headers[ORIGIN] == FRONTEND
    assert caplog.messages == ["GET '/share' failed"]
    assert caplog.records[0].exc_info is not None


@pytest.mark.since(fastapi="0.164.0")
@pytest.mark.parametrize("announced", [False, True])
def test_a_middleware_inside_cors_makes_no_500_of_the_413_of_the_limit(
    announced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI(max_body_size=5)

    @app.middleware("http")
    async def read(request: Request, call_next: Next) -> Response:
        await request.body()
        return await call_next(request)

    app.add_middleware(catch_inside_cors.AnswerFailures)
    body = b"123456"
    content: Any = body if announced else iter([body])
    response = client_of(app).post("/none", content=content)
    assert response.status_code == 413
    assert caplog.messages == []


def test_a_middleware_inside_cors_answers_a_failure_after_early_hints() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.early_hint", "links": []})
        raise ValueError

    sent: list[str] = []

    async def keep(message: Any) -> None:
        sent.append(message["type"])

    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/"}
    layer = catch_inside_cors.AnswerFailures(fails)
    asyncio.run(layer(scope, receive, keep))
    assert sent[1:] == ["http.response.start", "http.response.body"]


PREFLIGHT = {
    "Access_Control_Request_Method": "GET",
    "Access_Control_Request_Headers": "authorization",
}


def test_a_token_check_outside_cors_refuses_the_preflight(recorded: Recorder) -> None:
    client = client_of(wrong_token_check_outside.app)
    response = send(client, "OPTIONS", "/share?total=1&people=0", **PREFLIGHT)
    assert response.status_code == 401
    assert ORIGIN not in response.headers
    recorded("refused_preflight.http", exchange(response, **PREFLIGHT))


def test_a_token_check_outside_cors_answers_without_cors_headers_too() -> None:
    client = client_of(wrong_token_check_outside.app)
    assert ORIGIN not in send(client, "GET", "/share?total=6&people=2").headers


def test_a_dependency_refuses_only_what_comes_without_the_token() -> None:
    client = client_of(token_dependency.app)
    path = "/share?total=6&people=2"
    assert send(client, "OPTIONS", path, **PREFLIGHT).status_code == 200
    for headers in ({}, {"Authorization": "Bearer x"}):
        refused = send(client, "GET", path, **headers)
        assert refused.status_code == 401
        assert refused.headers[ORIGIN] == FRONTEND
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    token = f"Bearer {token_dependency.TOKEN}"
    assert send(client, "GET", path, Authorization=token).text == "3"


@pytest.mark.since(fastapi="0.144.0")
def test_the_dependency_covers_websockets() -> None:
    app = FastAPI(dependencies=[Depends(token_dependency.check_token)])

    @app.websocket("/ws")
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    client = TestClient(app)
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("/ws"),
    ):
        pass
    assert denied.value.status_code == 401
    token = {"Authorization": f"Bearer {token_dependency.TOKEN}"}
    with client.websocket_connect("/ws", headers=token):
        pass


class Item(BaseModel):
    name: str


def many_answers(**options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.get("/items/{item_id}")
    def item(item_id: int) -> int:
        return item_id

    @app.get("/folder/")
    def folder() -> None: ...

    @app.get("/deliberate-500")
    def deliberate() -> None:
        raise HTTPException(500)

    @app.get("/unhandled")
    def unhandled() -> None:
        raise ValueError

    @app.get("/wrong-response", response_model=Item)
    def wrong_response() -> dict[str, int]:
        return {"id": 3}

    @app.post("/upload")
    def upload(item: Item) -> Item:
        return item

    app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])
    return app


def limited_uploads() -> FastAPI:
    """Return an application with limits at a path operation and at a router."""
    app = many_answers()

    @app.post("/limited-upload", max_body_size=10)
    def upload(item: Item) -> Item:
        return item

    router = APIRouter(prefix="/router", max_body_size=10)
    router.post("/upload")(upload)
    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no-such-path", 404),
        ("POST", "/items/3", 405),
        ("GET", "/items/three", 422),
        ("GET", "/folder", 307),
        ("GET", "/deliberate-500", 500),
    ],
)
def test_the_frameworks_own_answers_have_cors_headers(
    method: str, path: str, status: int
) -> None:
    response = send(client_of(many_answers()), method, path)
    assert response.status_code == status
    assert response.headers[ORIGIN] == FRONTEND


@pytest.mark.parametrize("path", ["/unhandled", "/wrong-response"])
@pytest.mark.parametrize("debug", [False, True])
def test_an_unhandled_exception_has_none_not_even_in_debug_mode(
    path: str, debug: bool
) -> None:
    response = send(client_of(many_answers(debug=debug)), "GET", path)
    assert response.status_code == 500
    assert ORIGIN not in response.headers


def test_the_500_of_a_mounted_application_is_made_inside_the_parents_cors() -> None:
    part = FastAPI()
    part.get("/share")(wrong_error_handler.share)
    app = FastAPI()
    app.mount("/part", part)
    app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])
    response = send(client_of(app), "GET", "/part/share?total=1&people=0")
    assert response.status_code == 500
    assert response.headers[ORIGIN] == FRONTEND


def test_a_handler_for_the_status_500_has_the_same_fate() -> None:
    app = many_answers()
    app.add_exception_handler(500, lambda request, error: JSONResponse({}, 500))
    client = client_of(app)
    assert ORIGIN not in send(client, "GET", "/unhandled").headers
    assert send(client, "GET", "/deliberate-500").headers[ORIGIN] == FRONTEND


def test_a_response_that_does_not_fit_its_model_is_an_unhandled_exception() -> None:
    with pytest.raises(ResponseValidationError):
        TestClient(many_answers()).get("/wrong-response")


def upload(app: Any, path: str) -> httpx2.Response:
    body = {"name": "x" * 100}
    return client_of(app).post(path, json=body, headers={"Origin": FRONTEND})


@pytest.mark.since(fastapi="0.164.0")
def test_the_413_of_the_applications_max_body_size_has_none() -> None:
    response = upload(many_answers(max_body_size=10), "/upload")
    assert response.status_code == 413
    assert ORIGIN not in response.headers
    for path in ("/limited-upload", "/router/upload"):
        response = upload(limited_uploads(), path)
        assert response.status_code == 413
        assert response.headers[ORIGIN] == FRONTEND


@pytest.mark.since(fastapi="0.164.0")
def test_a_limit_of_a_path_operation_inside_one_of_the_application_has_none() -> None:
    app = many_answers(max_body_size=1000)
    app.include_router(limited_uploads().router)
    for path in ("/limited-upload", "/router/upload"):
        response = upload(app, path)
        assert response.status_code == 413
        assert ORIGIN not in response.headers
        pieces = (b" " * 8 for _ in range(3))  # no Content-Length
        headers = {"Origin": FRONTEND, "Content-Type": "application/json"}
        response = client_of(app).post(path, content=pieces, headers=headers)
        assert response.status_code == 413
        assert response.headers[ORIGIN] == FRONTEND


@pytest.mark.since(fastapi="0.164.0")
def test_the_413_for_a_body_without_a_content_length_is_made_inside() -> None:
    client = client_of(many_answers(max_body_size=10))
    headers = {"Origin": FRONTEND, "Content-Type": "application/json"}
    pieces = (b" " * 8 for _ in range(3))
    response = client.post("/upload", content=pieces, headers=headers)
    assert "content-length" not in response.request.headers
    assert response.status_code == 413
    assert response.headers[ORIGIN] == FRONTEND


@pytest.mark.since(fastapi="0.164.0")
def test_wrapped_every_answer_has_cors_headers() -> None:
    app = CORSMiddleware(many_answers(max_body_size=10), [FRONTEND])
    client = client_of(app)
    for path in ("/unhandled", "/wrong-response", "/no-such-path"):
        assert send(client, "GET", path).headers[ORIGIN] == FRONTEND
    response = upload(app, "/upload")
    assert response.status_code == 413
    assert response.headers[ORIGIN] == FRONTEND


def test_a_stream_that_fails_looks_whole_only_behind_the_function_form(
    serve: Any,
) -> None:
    async def rows() -> AsyncIterator[str]:
        yield "1\n"
        raise ValueError

    async def function(request: Request, call_next: Next) -> Response:
        return await call_next(request)

    plain, caught, behind_a_function = FastAPI(), FastAPI(), FastAPI()
    caught.add_middleware(catch_inside_cors.AnswerFailures)
    behind_a_function.middleware("http")(function)
    for app in (plain, caught, behind_a_function):
        app.get("/rows")(lambda: StreamingResponse(rows()))
    for app in (plain, caught):
        with (
            serve(app) as (address, _),
            pytest.raises(httpx2.RemoteProtocolError, match="without sending complete"),
        ):
            httpx2.get(f"{address}/rows")
    with serve(behind_a_function) as (address, _):
        response = httpx2.get(f"{address}/rows")
    assert (response.status_code, response.text) == (200, "1\n")


def test_the_class_that_catches_lets_websockets_and_the_lifespan_pass() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("startup")
        yield

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(catch_inside_cors.AnswerFailures)

    @app.websocket("/ws")
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    with TestClient(app) as client:
        assert events == ["startup"]
        with client.websocket_connect("/ws") as websocket:
            assert websocket.receive_text() == "hello"


def test_a_response_that_does_not_fit_has_cors_headers_with_a_handler() -> None:
    app = many_answers()
    app.add_exception_handler(
        ResponseValidationError, lambda request, error: JSONResponse({}, 500)
    )
    response = send(client_of(app), "GET", "/wrong-response")
    assert response.status_code == 500
    assert response.headers[ORIGIN] == FRONTEND


def test_an_error_after_the_start_of_a_stream_leaves_status_200() -> None:
    app = FastAPI()

    async def rows() -> AsyncIterator[str]:
        yield "1\n"
        raise ValueError

    @app.get("/rows")
    def stream() -> StreamingResponse:
        return StreamingResponse(rows())

    app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])
    response = send(client_of(app), "GET", "/rows")
    assert response.status_code == 200
    assert response.headers[ORIGIN] == FRONTEND


def test_the_preflight_of_a_path_with_a_missing_slash_is_not_redirected() -> None:
    client = client_of(many_answers())
    asked = send(client, "OPTIONS", "/folder", Access_Control_Request_Method="GET")
    assert asked.status_code == 200
    redirect = send(client, "GET", "/folder")
    assert redirect.headers["location"] == "https://api.example.com/folder/"
    behind_tls_proxy = client_of(many_answers(), base_url="http://api.example.com")
    redirect = send(behind_tls_proxy, "GET", "/folder", X_Forwarded_Proto="https")
    assert redirect.headers["location"] == "http://api.example.com/folder/"


@pytest.mark.parametrize(("cors_last", "status"), [(False, 307), (True, 200)])
def test_a_redirect_to_https_outside_cors_redirects_the_preflight(
    cors_last: bool, status: int
) -> None:
    app = FastAPI()
    if cors_last:
        app.add_middleware(HTTPSRedirectMiddleware)
    app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])
    if not cors_last:
        app.add_middleware(HTTPSRedirectMiddleware)
    client = client_of(app, base_url="http://api.example.com")
    asked = send(client, "OPTIONS", "/", Access_Control_Request_Method="GET")
    assert asked.status_code == status

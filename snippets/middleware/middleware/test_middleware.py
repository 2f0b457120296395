import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi import middleware as fastapi_middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.base import RequestResponseEndpoint as Next
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from snippets.middleware.middleware import (
    layers,
    security_header,
    session_dependency,
    wrong_session_in_middleware,
)

Recorder = Callable[[str, str], None]


def exchange(client: TestClient, path: str) -> str:
    """Return a GET and its response as the text that goes over the wire."""
    response = client.get(path)
    lines = [f"GET {path} HTTP/1.1", ""]
    lines.append(f"HTTP/1.1 {response.status_code} {response.reason_phrase}")
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\n".join([*lines, "", response.text])


def test_the_header_is_on_every_response_from_the_router(recorded: Recorder) -> None:
    client = TestClient(security_header.app)
    client.headers["Accept-Encoding"] = "identity"
    found, missing = exchange(client, "/items/3"), exchange(client, "/no-such-path")
    for text in (found, missing):
        assert "\nx-content-type-options: nosniff\n" in text
    recorded("exchanges.http", f"{found}\n\n{missing}")


def test_the_header_is_missing_on_the_500_of_an_unhandled_exception() -> None:
    app = FastAPI()
    app.middleware("http")(security_header.add_header)

    @app.get("/")
    def root() -> None:
        raise ZeroDivisionError

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert "X-Content-Type-Options" not in response.headers


def test_without_call_next_the_middleware_answers_and_nothing_behind_it_runs() -> None:
    app = FastAPI()
    ran = []

    @app.middleware("http")
    async def closed(request: Request, call_next: Next) -> Response:
        return JSONResponse({"detail": "Closed"}, 503)

    @app.get("/", dependencies=[Depends(lambda: ran.append("dependency"))])
    def root() -> None:
        ran.append("endpoint")

    response = TestClient(app).get("/")
    assert (response.status_code, response.json()) == (503, {"detail": "Closed"})
    assert ran == []


def test_an_http_exception_raised_in_middleware_is_a_500() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def closed(request: Request, call_next: Next) -> Response:
        raise HTTPException(503, "Closed")

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500


def test_middleware_of_the_application_runs_for_mounted_applications() -> None:
    part = FastAPI()
    part.get("/")(lambda: "part")
    app = FastAPI()
    app.middleware("http")(security_header.add_header)
    app.mount("/part", part)
    response = TestClient(app).get("/part/")
    assert response.json() == "part"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


where: ContextVar[str] = ContextVar("where", default="nowhere")


@pytest.mark.parametrize(
    ("form", "seen"),
    [
        ("function", ["nowhere"]),
        ("class", ["endpoint"]),
        ("class outside of a function", ["nowhere", "nowhere"]),
    ],
)
def test_a_context_variable_of_the_endpoint_is_seen_behind_a_class_only(
    form: str, seen: list[str]
) -> None:
    app = FastAPI()
    after = []
    tasks = []

    @app.get("/")
    async def root() -> None:
        where.set("endpoint")
        tasks.append(asyncio.current_task())

    async def function(request: Request, call_next: Next) -> Response:
        tasks.append(asyncio.current_task())
        response = await call_next(request)
        after.append(where.get())
        return response

    class PureASGI:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                tasks.append(asyncio.current_task())
            await self.app(scope, receive, send)
            if scope["type"] == "http":
                after.append(where.get())

    if form != "class":
        app.middleware("http")(function)
    if form != "function":
        app.add_middleware(PureASGI)
    TestClient(app).get("/")
    assert after == seen
    one, other = (
        tasks[0],
        tasks[-1],
    )  # the function form runs what is behind it in a task of its own
    assert (one is other) == (form == "class")


def test_a_context_variable_of_a_def_endpoint_is_seen_by_neither_form() -> None:
    app = FastAPI()
    after = []

    @app.get("/")
    def root() -> None:
        where.set("endpoint")

    class PureASGI:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)
            after.append(where.get())

    app.add_middleware(PureASGI)
    TestClient(app).get("/")
    assert after == ["nowhere"]


def test_middleware_wraps_the_application_and_ends_after_background_tasks(
    capsys: pytest.CaptureFixture[str], recorded: Recorder
) -> None:
    response = TestClient(layers.app).get("/items/3")
    assert response.text == "3"
    recorded("trace.txt", capsys.readouterr().out)


class Seen:
    """An application with a function, a class, and what they saw."""

    def __init__(self, folder: Path) -> None:
        self.app = FastAPI()
        self.by: dict[str, int] = {"function": 0, "class": 0}
        by = self.by

        class Everything:
            def __init__(self, app: ASGIApp) -> None:
                self.app = app

            async def __call__(
                self, scope: Scope, receive: Receive, send: Send
            ) -> None:
                by["class"] += 1
                await self.app(scope, receive, send)

        @self.app.middleware("http")
        async def function(request: Request, call_next: Next) -> Response:
            by["function"] += 1
            return await call_next(request)

        @self.app.get("/items/{item_id}")
        def read_item(item_id: int) -> int:
            return item_id

        @self.app.websocket("/ws")
        async def talk(websocket: WebSocket) -> None:
            await websocket.accept()
            await websocket.close()

        self.app.add_middleware(Everything)
        (folder / "logo.svg").write_text("<svg/>")
        self.app.mount("/static", StaticFiles(directory=folder))

    def take(self) -> list[str]:
        """Return yes or no for the function and the class, and start again."""
        answers = ["yes" if count == 1 else "no" for count in self.by.values()]
        assert all(count <= 1 for count in self.by.values())
        self.by.update(dict.fromkeys(self.by, 0))
        return answers


def test_what_a_function_and_a_class_see(tmp_path: Path, recorded: Recorder) -> None:
    seen = Seen(tmp_path)
    lines = [["", "function", "class"]]
    with TestClient(seen.app) as client:
        start = seen.take()
        for method, path, headers in (
            ("GET", "/items/3", {}),
            ("GET", "/items/three", {}),
            ("POST", "/items/3", {}),
            ("GET", "/no-such-path", {}),
            ("GET", "/docs", {}),
            ("GET", "/static/logo.svg", {}),
            (
                "OPTIONS",
                "/items/3",
                {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"},
            ),
        ):
            status = client.request(method, path, headers=headers).status_code
            lines.append([f"{method} {path} ({status})", *seen.take()])
        with client.websocket_connect("/ws"):
            pass
        lines.append(["WebSocket /ws", *seen.take()])
    lines.append(["startup and shutdown (lifespan)", *start])
    recorded("seen.txt", "\n".join(f"{a:<33}{b:<10}{c}".rstrip() for a, b, c in lines))


def test_the_function_form_goes_on_before_a_stream_has_ended() -> None:
    app = FastAPI()
    order = []
    after_call_next = asyncio.Event()

    @app.middleware("http")
    async def function(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        order.append("after call_next")
        after_call_next.set()
        return response

    @app.get("/rows")
    async def rows() -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "1\n"
            await asyncio.wait_for(after_call_next.wait(), 30)
            order.append("second row")
            yield "2\n"

        return StreamingResponse(body())

    assert TestClient(app).get("/rows").text == "1\n2\n"
    assert order == ["after call_next", "second row"]


def test_a_failed_stream_looks_whole_behind_the_function_form_only(serve: Any) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "1\n"
        raise ValueError

    app, behind_a_class = FastAPI(), FastAPI()
    for one in (app, behind_a_class):
        one.get("/rows")(lambda: StreamingResponse(broken()))
    behind_a_class.add_middleware(layers.PureASGI)
    with (
        serve(behind_a_class) as (address, _),
        pytest.raises(httpx2.RemoteProtocolError, match="without sending complete"),
    ):
        httpx2.get(f"{address}/rows")
    app.middleware("http")(security_header.add_header)
    with serve(app) as (address, _):
        response = httpx2.get(f"{address}/rows")
    assert (response.status_code, response.text) == (200, "1\n")


def test_a_closed_session_of_sqlalchemy_opens_a_transaction_again() -> None:
    engine = create_engine("sqlite://")
    session = Session(engine)
    session.execute(select(1))
    session.close()
    assert not session.in_transaction()
    assert session.execute(select(1)).scalar() == 1
    assert session.in_transaction()
    session.close()
    engine.dispose()


def watched() -> tuple[FastAPI, list[str]]:
    """Return an application whose middleware notes when ``call_next`` has returned, and the notes."""
    app, seen = FastAPI(), list[str]()

    @app.middleware("http")
    async def function(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        seen.append("after call_next")
        return response

    return app, seen


def test_code_after_yield_comes_late_if_a_stream_fails_after_its_start() -> None:
    app, seen = watched()

    async def connection() -> AsyncIterator[None]:
        try:
            yield
        finally:
            seen.append("after yield")

    @app.get("/rows", dependencies=[Depends(connection)])
    async def rows() -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "1\n"
            raise ValueError

        return StreamingResponse(body())

    TestClient(app, raise_server_exceptions=False).get("/rows")
    assert seen == ["after call_next", "after yield"]


def test_a_resource_closed_after_call_next_breaks_the_stream() -> None:
    sent = []

    async def run() -> None:
        requests = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not requests:
                await asyncio.Event().wait()  # the client stays connected
            return requests.pop()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/export",
            "query_string": b"",
            "headers": [],
        }
        await wrong_session_in_middleware.app(scope, receive, send)

    with pytest.raises(RuntimeError, match="the session is closed"):
        asyncio.run(run())
    assert sent[0]["status"] == 200
    body = b"".join(message["body"] for message in sent[1:])
    assert body.decode().count("row") < 3


def test_a_resource_closed_after_call_next_is_closed_in_background_tasks() -> None:
    app = FastAPI()
    app.middleware("http")(wrong_session_in_middleware.add_session)

    @app.get("/")
    def root(request: Request, tasks: BackgroundTasks) -> None:
        tasks.add_task(request.state.session.fetch, 1)

    with pytest.raises(RuntimeError, match="the session is closed"):
        TestClient(app).get("/")


@pytest.mark.parametrize(
    ("scope", "order"),
    [
        ("request", ["after call_next", "background task", "after yield"]),
        ("function", ["after yield", "after call_next", "background task"]),
    ],
)
def test_a_dependency_of_scope_function_ends_before_call_next_returns(
    scope: Literal["request", "function"], order: list[str]
) -> None:
    app, seen = watched()

    async def connection() -> AsyncIterator[None]:
        yield
        seen.append("after yield")

    @app.get("/", dependencies=[Depends(connection, scope=scope)])
    async def root(tasks: BackgroundTasks) -> None:
        tasks.add_task(seen.append, "background task")

    TestClient(app).get("/")
    assert seen == order


@pytest.mark.parametrize(("path", "status"), [("/refused", 404), ("/number/x", 422)])
def test_after_an_exception_a_dependency_ends_before_call_next_returns(
    path: str, status: int
) -> None:
    app = FastAPI()
    seen: list[Any] = []

    @app.middleware("http")
    async def function(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    async def connection() -> AsyncIterator[None]:
        try:
            yield
        finally:
            seen.append("after yield")

    @app.get("/refused", dependencies=[Depends(connection)])
    async def refused() -> None:
        raise HTTPException(404)

    @app.get("/number/{number}", dependencies=[Depends(connection)])
    async def number(number: int) -> None: ...

    TestClient(app).get(path)
    assert seen == ["after yield", status]


def test_a_dependency_closes_it_after_the_stream() -> None:
    text = TestClient(session_dependency.app).get("/export").text
    assert text == "row 0\nrow 1\nrow 2\n"


def test_a_request_without_an_endpoint_passes_through_middleware(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert TestClient(layers.app).get("/no-such-path").status_code == 404
    assert "function: after call_next, status 404" in capsys.readouterr().out


def test_what_a_layer_outside_answers_does_not_arrive() -> None:
    app = FastAPI()
    seen = []

    @app.middleware("http")
    async def function(request: Request, call_next: Next) -> Response:
        seen.append(request.method)
        return await call_next(request)

    app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"])
    client = TestClient(app)
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/", headers=preflight).status_code == 200
    assert seen == []
    assert client.options("/").status_code == 404
    assert seen == ["OPTIONS"]


def test_middleware_of_starlette_is_a_record_of_a_class_and_its_options() -> None:
    record = Middleware(GZipMiddleware, minimum_size=10)
    assert repr(record) == "Middleware(GZipMiddleware, minimum_size=10)"
    assert not callable(record)
    assert not hasattr(record, "add_middleware")
    constructed = FastAPI(middleware=[record])
    assert constructed.user_middleware == [record]
    added = FastAPI()
    added.add_middleware(GZipMiddleware, minimum_size=10)
    assert repr(added.user_middleware) == repr([record])


def test_the_decorator_makes_a_base_http_middleware() -> None:
    _, record = layers.app.user_middleware
    made: Any = record.cls
    assert made is BaseHTTPMiddleware
    assert record.kwargs == {"dispatch": layers.function}


def test_the_decorators_argument_is_not_looked_at() -> None:
    app = FastAPI()
    seen = []

    @app.middleware("websocket")
    async def note(request: Request, call_next: Next) -> Response:
        seen.append(request.scope["type"])
        return await call_next(request)

    @app.websocket("/ws")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    client = TestClient(app)
    with client.websocket_connect("/ws"):
        pass
    client.get("/docs")
    assert seen == ["http"]


def test_trusted_hosts_without_a_list_allow_every_host() -> None:
    for hosts, status in ((None, 404), (["api.example.com"], 400)):
        app = FastAPI()
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
        client = TestClient(app, base_url="http://evil.example")
        assert client.get("/").status_code == status


def test_one_instance_serves_all_requests() -> None:
    made = []

    class Once:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app
            made.append(self)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)

    app = FastAPI()
    app.add_middleware(Once)
    assert made == []
    with TestClient(app) as client:
        assert len(made) == 1
        client.get("/docs")
        client.get("/docs")
    assert len(made) == 1


def test_fastapi_re_exports_middleware_of_starlette() -> None:
    for cls in (
        CORSMiddleware,
        GZipMiddleware,
        HTTPSRedirectMiddleware,
        TrustedHostMiddleware,
    ):
        assert cls.__module__.startswith("starlette.middleware.")
    assert fastapi_middleware.Middleware is Middleware
    assert importlib.util.find_spec("fastapi.middleware.sessions") is None
    assert SessionMiddleware.__module__ == "starlette.middleware.sessions"
    assert not hasattr(Starlette, "middleware")
    assert hasattr(FastAPI, "middleware")

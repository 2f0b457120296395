import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from types import ModuleType, SimpleNamespace
from typing import Any, Literal
from uuid import UUID

import httpx2
import pytest
import uvicorn
from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.middleware import Middleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.testclient import TestClient
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.base import RequestResponseEndpoint as Next
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.lifespan.on import LifespanOn

from snippets.middleware.writing_middleware import (
    added_at_import,
    class_with_options,
    json_response,
    process_time,
    request_id,
    scope_check,
    wrong_added_at_startup,
    wrong_http_exception,
    wrong_no_scope_check,
    wrong_state_on_self,
)

Recorder = Callable[[str, str], None]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


def test_the_function_form_measures_until_the_response_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(process_time, "time", clock)
    app = FastAPI()
    app.middleware("http")(process_time.process_time)

    @app.get("/rows")
    async def rows(tasks: BackgroundTasks) -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "1\n"
            clock.pass_by(100)
            yield "2\n"

        clock.pass_by(1)
        tasks.add_task(clock.pass_by, 1000)
        return StreamingResponse(body())

    response = TestClient(app).get("/rows")
    assert response.headers["X-Process-Time"] == "1.0000"
    assert clock.now == 1101


def exchange(client: TestClient, path: str) -> str:
    """Return a GET and its response as the text that goes over the wire."""
    response = client.get(path)
    lines = [f"GET {path} HTTP/1.1", ""]
    lines.append(f"HTTP/1.1 {response.status_code} {response.reason_phrase}")
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\n".join([*lines, "", response.text])


def test_process_time_adds_a_header_with_seconds(
    monkeypatch: pytest.MonkeyPatch, recorded: Recorder
) -> None:
    clock = iter([7.0, 7.0031])
    monkeypatch.setattr(
        process_time, "time", SimpleNamespace(perf_counter=lambda: next(clock))
    )
    recorded("process_time.http", exchange(TestClient(process_time.app), "/report"))


async def overlapping(module: ModuleType, clock: Clock) -> str:
    """Return the time of a request of 11 s, during which another one begins after 10 s."""
    first_waits, second_has_begun = asyncio.Event(), asyncio.Event()
    app = FastAPI()
    app.user_middleware = module.app.user_middleware

    @app.get("/first")
    async def first() -> None:
        clock.pass_by(10)
        first_waits.set()
        await asyncio.wait_for(second_has_begun.wait(), 30)
        clock.pass_by(1)

    @app.get("/second")
    async def second() -> None:
        second_has_begun.set()

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test"
    ) as client:
        task = asyncio.create_task(client.get("/first"))
        await asyncio.wait_for(first_waits.wait(), 30)
        await client.get("/second")
        response = await task
    return response.headers["X-Process-Time"]


@pytest.mark.parametrize(
    ("module", "seconds"),
    [(wrong_state_on_self, "1.0000"), (class_with_options, "11.0000")],
)
def test_what_one_request_keeps_on_self_is_overwritten_by_the_next(
    module: ModuleType, seconds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    assert asyncio.run(overlapping(module, clock)) == seconds


def test_process_time_adds_a_header_to_every_response() -> None:
    client = TestClient(process_time.app)
    for path in ("/report", "/no-such-path"):
        assert float(client.get(path).headers["X-Process-Time"]) >= 0


def test_the_clock_for_durations_cannot_go_backwards() -> None:
    assert time.get_clock_info("perf_counter").monotonic
    assert not time.get_clock_info("time").monotonic


def test_a_class_passes_on_state_a_context_variable_and_a_header(
    monkeypatch: pytest.MonkeyPatch, recorded: Recorder
) -> None:
    fixed = UUID("6f1c1f62c0a94d0f8a3b8a1f0f1a2b3c")
    monkeypatch.setattr(request_id, "uuid4", lambda: fixed)
    text = exchange(TestClient(request_id.app), "/report")
    assert text.count(fixed.hex) == 3
    recorded("request_id.http", text)


@pytest.mark.parametrize("handled", [True, False])
def test_the_500_of_a_crash_has_the_id_only_from_a_handler_for_exception(
    handled: bool,
) -> None:
    app = FastAPI()
    if handled:
        app.add_exception_handler(Exception, request_id.crashed)
    app.add_middleware(request_id.RequestID, header="X-Request-ID")
    app.middleware("http")(function)  # a task of its own outside of it
    logged = []

    @app.get("/")
    async def root(request: Request) -> None:
        logged.append(request.state.request_id)
        raise ZeroDivisionError

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    sent = response.headers.get("X-Request-ID")
    assert [sent] == (logged if handled else [None])


def test_the_handler_answers_without_an_id_what_failed_outside_of_the_class() -> None:
    app = FastAPI(exception_handlers={Exception: request_id.crashed})
    app.middleware("http")(wrong_http_exception.check_version)
    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] == "-"


def test_the_class_runs_for_websockets_too() -> None:
    app = FastAPI()
    app.add_middleware(request_id.RequestID, header="X-Request-ID")

    @app.websocket("/ws")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.state.request_id)
        await websocket.send_text(request_id.current_request_id.get())
        await websocket.close()

    with TestClient(app).websocket_connect("/ws") as websocket:
        request_ids = {websocket.receive_text(), websocket.receive_text()}
    assert [UUID(text).version for text in request_ids] == [4]


def test_the_context_variable_is_seen_in_dependencies_threads_and_background() -> None:
    app = FastAPI()
    app.add_middleware(request_id.RequestID, header="X-Request-ID")
    seen = []

    def note() -> None:
        seen.append(request_id.current_request_id.get())

    @app.get("/", dependencies=[Depends(note)])
    def root(tasks: BackgroundTasks) -> None:
        note()
        tasks.add_task(note)

    response = TestClient(app).get("/")
    assert seen == [response.headers["X-Request-ID"]] * 3


def test_the_default_keeps_a_logging_filter_from_failing_outside_of_requests(
    caplog: pytest.LogCaptureFixture,
) -> None:
    variables = [request_id.current_request_id, ContextVar[str]("without_a_default")]

    class AddRequestID(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.request_id = variables[0].get()
            return True

    logger = logging.getLogger("outside_of_requests")
    added = AddRequestID()
    logger.addFilter(added)
    try:
        logger.warning("startup")
        assert caplog.records[0].__dict__["request_id"] == "-"
        variables.pop(0)
        with pytest.raises(LookupError, match="without_a_default"):
            logger.warning("startup")
    finally:
        logger.removeFilter(added)


def test_a_task_that_a_request_starts_keeps_its_id() -> None:
    app = FastAPI()
    app.add_middleware(request_id.RequestID, header="X-Request-ID")
    seen = []
    tasks = []

    async def later() -> None:
        seen.append(request_id.current_request_id.get())

    @app.get("/")
    async def root() -> None:
        tasks.append(asyncio.create_task(later()))
        await tasks[0]

    sent = TestClient(app).get("/").headers["X-Request-ID"]
    assert seen == [sent]


def test_all_forms_run_on_the_event_loop() -> None:
    app = FastAPI()
    threads = []

    def note() -> None:
        threads.append(threading.current_thread())

    @app.middleware("http")
    async def function(request: Request, call_next: Next) -> Response:
        note()
        return await call_next(request)

    class Dispatch(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Next) -> Response:
            note()
            return await call_next(request)

    app.add_middleware(Dispatch)
    app.add_middleware(Note, after=note)

    @app.get("/")
    async def root() -> None:
        note()

    TestClient(app).get("/")
    assert len(threads) == 4
    assert len(set(threads)) == 1


class Note:
    """A pure ASGI class that calls a function after the application."""

    def __init__(self, app: ASGIApp, after: Callable[[], None]) -> None:
        self.app = app
        self.after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        self.after()


@pytest.mark.parametrize(
    ("form", "endpoint_is_async", "seen"),
    [
        ("function", True, "middleware"),
        ("class", True, "endpoint"),
        ("class", False, "middleware"),
        ("class outside of BaseHTTPMiddleware", True, "middleware"),
    ],
)
def test_what_an_endpoint_sets_in_a_context_variable_is_lost_in_the_function_form(
    form: str, endpoint_is_async: bool, seen: str
) -> None:
    variable: ContextVar[str] = ContextVar("variable")
    app = FastAPI()
    values = []

    def note() -> None:
        values.append(variable.get())

    class Set:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            variable.set("middleware")
            await self.app(scope, receive, send)

    if form == "function":

        @app.middleware("http")
        async def function(request: Request, call_next: Next) -> Response:
            response = await call_next(request)
            note()
            return response
    else:
        if form != "class":
            app.add_middleware(class_with_options.ProcessTime, header="X-Time")
        app.add_middleware(Note, after=note)
    app.add_middleware(Set)

    async def set_async() -> None:
        note()
        variable.set("endpoint")

    def set_in_thread() -> None:
        note()
        variable.set("endpoint")

    app.get("/")(set_async if endpoint_is_async else set_in_thread)
    TestClient(app).get("/")
    assert values == ["middleware", seen]


def test_state_that_an_endpoint_sets_is_seen_after_call_next() -> None:
    app = FastAPI()
    seen = []

    @app.middleware("http")
    async def function(request: Request, call_next: Next) -> Response:
        request.state.tenant = "t1"
        response = await call_next(request)
        seen.append(request.state.user)
        return response

    @app.get("/")
    def root(request: Request) -> None:
        request.state.user = f"alice of {request.state.tenant}"

    TestClient(app).get("/")
    assert seen == ["alice of t1"]


def test_an_http_exception_raised_in_middleware_is_a_500() -> None:
    client = TestClient(wrong_http_exception.app, raise_server_exceptions=False)
    response = client.get("/docs")
    assert response.status_code == 500
    assert response.text == "Internal Server Error"
    with pytest.raises(HTTPException):
        TestClient(wrong_http_exception.app).get("/docs")


def test_the_handler_for_http_exception_does_not_see_it() -> None:
    app = FastAPI()
    app.middleware("http")(wrong_http_exception.check_version)
    called = []

    @app.exception_handler(HTTPException)
    def handle(request: Request, error: Exception) -> Response:
        called.append(error)
        return Response(status_code=418)

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500
    assert called == []

    app = FastAPI()
    app.middleware("http")(wrong_http_exception.check_version)
    app.add_exception_handler(Exception, handle)  # runs outside
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 418
    assert isinstance(called[0], HTTPException)


def test_a_returned_json_response_has_its_status() -> None:
    client = TestClient(json_response.app)
    refused = client.get("/docs")
    assert refused.status_code == 400
    assert refused.json() == {"detail": "Version 2 only"}
    assert client.get("/docs", headers={"X-API-Version": "2"}).status_code == 200


def test_a_class_answers_by_calling_the_response() -> None:
    client = TestClient(scope_check.app)
    refused = client.get("/rates", headers={"User-Agent": "robot"})
    assert (refused.status_code, refused.text) == (403, "No robots")


def test_an_http_exception_raised_in_receive_has_its_status() -> None:
    class Quota:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def refuse() -> Message:
                raise HTTPException(429, "Too much")

            await self.app(scope, refuse, send)

    app = FastAPI()
    app.add_middleware(Quota)

    @app.post("/items")
    def add(item: dict[str, int]) -> None: ...

    assert TestClient(app).post("/items", json={}).status_code == 429


def start(app: Any, mode: Literal["auto", "on"] = "auto") -> LifespanOn:
    """Let Uvicorn run the startup of an application."""

    async def run() -> LifespanOn:
        assert uvicorn.Config(app, log_config=None).lifespan == "auto"
        config = uvicorn.Config(app, log_config=None, lifespan=mode)
        config.load()
        lifespan = LifespanOn(config)
        await lifespan.startup()
        if not lifespan.should_exit:
            await lifespan.shutdown()
        return lifespan

    return asyncio.run(run())


def fresh(module: ModuleType, cls: Any) -> FastAPI:
    """Return a new application with the middleware and the lifespan of a module."""
    app = FastAPI(lifespan=module.lifespan)
    app.add_middleware(cls)
    return app


def start_logged(app: Any, caplog: pytest.LogCaptureFixture) -> Any:
    """Start an application as ``start`` does, while ``caplog`` hears Uvicorn's log."""
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO, logger.name):
            return start(app)
    finally:
        logger.removeHandler(caplog.handler)


def test_without_a_scope_check_uvicorn_skips_the_startup_in_silence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = fresh(wrong_no_scope_check, wrong_no_scope_check.NoRobots)
    lifespan = start_logged(app, caplog)
    assert not lifespan.should_exit
    assert not hasattr(app.state, "rates")
    assert "ASGI 'lifespan' protocol appears unsupported." in caplog.messages
    assert all(record.levelno == logging.INFO for record in caplog.records)


def test_with_lifespan_on_uvicorn_does_not_start_then() -> None:
    app = fresh(wrong_no_scope_check, wrong_no_scope_check.NoRobots)
    assert start(app, "on").should_exit


def test_a_class_that_returns_for_other_types_skips_the_startup_without_a_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class HTTPOnly:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await self.app(scope, receive, send)

    app = fresh(wrong_no_scope_check, HTTPOnly)
    lifespan = start_logged(app, caplog)
    assert not lifespan.should_exit
    assert not hasattr(app.state, "rates")
    assert not any("unsupported" in message for message in caplog.messages)


def test_the_class_adds_the_header_where_an_application_sends_none() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    app = FastAPI()
    app.add_middleware(request_id.RequestID, header="X-Request-ID")
    app.mount("/bare", bare)
    assert TestClient(app).get("/bare/").headers["X-Request-ID"]


def test_without_a_scope_check_test_client_raises_a_key_error() -> None:
    with (
        pytest.raises(KeyError, match="headers"),
        TestClient(wrong_no_scope_check.app),
    ):
        pass


def test_with_a_scope_check_the_startup_runs() -> None:
    app = fresh(scope_check, scope_check.NoRobots)
    start(app)
    assert app.state.rates == {"EUR": 1.0}
    with TestClient(scope_check.app) as client:
        assert client.get("/rates").json() == {"EUR": 1.0}


ADDED_TOO_LATE = "Cannot add middleware after an application has started"


def test_middleware_cannot_be_added_at_startup() -> None:
    with (
        pytest.raises(RuntimeError, match=ADDED_TOO_LATE),
        TestClient(wrong_added_at_startup.app),
    ):
        pass
    assert start(FastAPI(lifespan=wrong_added_at_startup.lifespan)).should_exit


def test_middleware_cannot_be_added_after_the_first_request() -> None:
    app = FastAPI()
    TestClient(app).get("/docs")
    with pytest.raises(RuntimeError, match=ADDED_TOO_LATE):
        app.add_middleware(GZipMiddleware)
    with pytest.raises(RuntimeError, match=ADDED_TOO_LATE):
        app.middleware("http")(process_time.process_time)


def test_middleware_added_at_import_runs() -> None:
    with TestClient(added_at_import.app) as client:
        assert client.get("/docs").headers["Content-Encoding"] == "gzip"


def test_a_middleware_can_read_what_the_lifespan_made() -> None:
    seen = []
    app = FastAPI(lifespan=scope_check.lifespan)

    @app.middleware("http")
    async def look(request: Request, call_next: Next) -> Response:
        seen.append(request.app.state.rates)
        return await call_next(request)

    with TestClient(app) as client:
        client.get("/docs")
    assert seen == [{"EUR": 1.0}]


async def function(request: Request, call_next: Next) -> Response:
    return await call_next(request)


def returns_a_response(request: Request, call_next: Next) -> Response:
    return JSONResponse(3)


async def returns_nothing(request: Request, call_next: Next) -> None:
    await call_next(request)


async def reads_elapsed(request: Request, call_next: Next) -> Any:
    response: Any = await call_next(request)
    return response.elapsed


async def reads_body(request: Request, call_next: Next) -> Any:
    response: Any = await call_next(request)
    return response.body


NOT_AWAITABLE = (
    "'JSONResponse' object can't be awaited"
    if sys.version_info >= (3, 14)
    else "object JSONResponse can't be used in 'await' expression"
)
Add = Callable[[Any], Any]
MISTAKES: list[tuple[Add, type[Exception], str]] = [
    (
        lambda app: app.middleware("http")(returns_a_response),
        TypeError,
        NOT_AWAITABLE,
    ),
    (
        lambda app: app.middleware("http")(returns_nothing),
        TypeError,
        "'NoneType' object is not callable",
    ),
    (
        lambda app: app.middleware("http")(reads_elapsed),
        AttributeError,
        "'_StreamingResponse' object has no attribute 'elapsed'",
    ),
    (
        lambda app: app.middleware("http")(reads_body),
        AttributeError,
        "'_StreamingResponse' object has no attribute 'body'",
    ),
    (
        lambda app: app.add_middleware(function),
        TypeError,
        r"function\(\) missing 1 required positional argument: 'call_next'",
    ),
    (
        lambda app: app.add_middleware(Middleware(GZipMiddleware)),
        TypeError,
        "'Middleware' object is not callable",
    ),
    (
        lambda app: app.add_middleware(GZipMiddleware(app)),
        TypeError,
        r"__call__\(\) missing 2 required positional arguments: 'receive' and 'send'",
    ),
]


@pytest.mark.parametrize(("add", "error", "text"), MISTAKES)
def test_mistakes_come_to_light_with_the_first_request(
    add: Add, error: type[Exception], text: str
) -> None:
    app = FastAPI()
    add(app)
    with pytest.raises(error, match=text):
        TestClient(app).get("/docs")


@pytest.mark.parametrize("add", [add for add, _, _ in MISTAKES[-3:]])
def test_with_a_stack_that_cannot_be_built_uvicorn_skips_the_startup(
    add: Add, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI(lifespan=scope_check.lifespan)
    add(app)
    lifespan = start_logged(app, caplog)
    assert not lifespan.should_exit
    assert not hasattr(app.state, "rates")
    assert "ASGI 'lifespan' protocol appears unsupported." in caplog.messages
    assert all(record.levelno == logging.INFO for record in caplog.records)
    for _ in range(2):
        with pytest.raises(TypeError):
            TestClient(app).get("/docs")


def test_the_response_of_call_next_has_no_elapsed() -> None:
    app = FastAPI()
    app.middleware("http")(reads_elapsed)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/docs").status_code == 500
    assert TestClient(process_time.app).get("/report").elapsed.total_seconds() >= 0


def test_a_class_without_middleware_around_it_does_not_fit_the_list() -> None:
    wrong: Any = [GZipMiddleware]
    with pytest.raises(TypeError, match="unpack"):
        TestClient(FastAPI(middleware=wrong)).get("/docs")
    app = FastAPI(middleware=[Middleware(GZipMiddleware)])
    assert TestClient(app).get("/docs").status_code == 200


def test_add_middleware_takes_a_function_as_dispatch() -> None:
    app = FastAPI()
    app.add_middleware(BaseHTTPMiddleware, dispatch=process_time.process_time)
    assert "X-Process-Time" in TestClient(app).get("/docs").headers


def test_a_subclass_of_base_http_middleware_takes_options() -> None:
    class Header(BaseHTTPMiddleware):
        def __init__(self, app: ASGIApp, name: str) -> None:
            super().__init__(app)
            self.name = name

        async def dispatch(self, request: Request, call_next: Next) -> Response:
            response = await call_next(request)
            response.headers[self.name] = "yes"
            return response

    app = FastAPI()
    app.add_middleware(Header, name="X-Seen")
    assert TestClient(app).get("/docs").headers["X-Seen"] == "yes"


def test_call_next_does_not_look_at_its_argument() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def pass_another(request: Request, call_next: Next) -> Response:
        scope = dict(request.scope) | {"path": "/b"}
        return await call_next(Request(scope, request.receive))

    app.get("/a")(lambda: "a")
    app.get("/b")(lambda: "b")
    assert TestClient(app).get("/a").json() == "a"


def test_a_change_of_the_scope_reaches_the_endpoint() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def rewrite(request: Request, call_next: Next) -> Response:
        request.scope["path"] = "/b"
        request.scope["headers"] = [(b"x-tenant", b"t1")]
        return await call_next(request)

    @app.get("/b")
    def b(request: Request) -> str:
        return request.headers["x-tenant"]

    assert TestClient(app).get("/a").json() == "t1"


def test_an_unhandled_exception_comes_out_of_call_next() -> None:
    app = FastAPI()
    seen = []

    @app.middleware("http")
    async def watch(request: Request, call_next: Next) -> Response:
        try:
            response = await call_next(request)
            seen.append("after")
        finally:
            seen.append("finally")
        return response

    @app.get("/")
    def root() -> None:
        raise ZeroDivisionError

    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500
    assert seen == ["finally"]


def test_an_exception_after_the_start_does_not_come_out_of_call_next() -> None:
    app = FastAPI()
    seen = []

    @app.middleware("http")
    async def watch(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        seen.append("after")
        return response

    @app.get("/")
    def root() -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "1\n"
            raise ZeroDivisionError

        return StreamingResponse(body())

    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/")
    assert seen == ["after"]


PRINTED = """
async def simple_middleware(request, call_next):
start_time = time.time()
return await call_next(request)
"""


def test_the_body_of_a_function_must_be_indented() -> None:
    with pytest.raises(IndentationError):
        compile(PRINTED, "note", "exec")


def test_indented_but_without_an_import_of_time_every_request_fails() -> None:
    names: dict[str, Any] = {}
    exec(PRINTED.replace("\nst", "\n    st").replace("\nre", "\n    re"), names)
    app = FastAPI()
    app.middleware("http")(names["simple_middleware"])
    with pytest.raises(NameError, match="name 'time' is not defined"):
        TestClient(app).get("/docs")


def test_a_function_that_is_not_registered_does_not_run() -> None:
    app = FastAPI()
    called = []

    async def measure(request: Request, call_next: Next) -> Response:
        called.append(request)
        return await call_next(request)

    TestClient(app).get("/docs")
    assert called == []
    registered = FastAPI()
    registered.middleware("http")(measure)
    TestClient(registered).get("/docs")
    assert len(called) == 1


def test_add_middleware_belongs_to_the_application() -> None:
    assert hasattr(FastAPI, "add_middleware")
    assert not hasattr(Middleware, "add_middleware")

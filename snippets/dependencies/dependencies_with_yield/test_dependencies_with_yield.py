import asyncio
import inspect
import textwrap
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import anyio
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.exceptions import DependencyScopeError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from httpx2 import Client
from starlette.requests import ClientDisconnect
from uvicorn.protocols.http import h11_impl, httptools_impl

from snippets.dependencies.dependencies_with_yield import (
    closed_in_finally,
    commit_before_response,
    raised_again,
    traced,
    wrong_commit_after_response,
    wrong_no_finally,
    wrong_swallowed,
)

Recorder = Callable[[str, str], None]
Scope = Literal["function", "request"]
SCOPES: list[Scope] = ["request", "function"]
PATIENCE = 30.0


class Connection:
    """One connection to ``app`` as the server sees it: it notes what the app sends."""

    def __init__(self, app: FastAPI, events: list[str], kind: str = "http") -> None:
        self.app = app
        self.events = events
        self.kind = kind
        self.spec_version = "2.3"
        self.gone = asyncio.Event()
        self.bodies_until_gone: int | None = None
        self.send_fails = False
        self.first = True

    async def receive(self) -> dict[str, Any]:
        if self.first:
            self.first = False
            if self.kind == "websocket":
                return {"type": "websocket.connect"}
            return {"type": "http.request", "body": b"", "more_body": False}
        if self.kind == "websocket":
            return {"type": "websocket.disconnect", "code": 1001}
        await asyncio.wait_for(self.gone.wait(), PATIENCE)
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.events.append(f"response starts: {message['status']}")
        elif message["type"] == "http.response.body":
            if not message.get("more_body"):
                self.events.append("response ends")
            if self.bodies_until_gone is not None:
                self.bodies_until_gone -= 1
                if self.bodies_until_gone == 0:
                    self.gone.set()
                    if self.send_fails:
                        raise OSError("connection lost")
        else:
            self.events.append(message["type"])

    async def call(self, path: str) -> None:
        scope = {
            "type": self.kind,
            "asgi": {"version": "3.0", "spec_version": self.spec_version},
            "method": "GET",
            "path": path.partition("?")[0],
            "query_string": path.partition("?")[2].encode(),
            "headers": [],
            "subprotocols": [],
        }
        await self.app(scope, self.receive, self.send)


class Recording:
    """An application whose dependency notes when it opens, closes, and what it sees."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.events: list[str] = []

    def dependency(self, name: str = "dependency") -> Callable[[], AsyncIterator[str]]:
        async def dependency() -> AsyncIterator[str]:
            self.events.append(f"{name} opens")
            try:
                yield name
                self.events.append(f"{name} sees no exception")
            except BaseException as error:
                self.events.append(f"{name} sees {type(error).__name__}")
                raise
            finally:
                self.events.append(f"{name} closes")

        return dependency

    def get(self, path: str) -> None:
        client = TestClient(self.app, raise_server_exceptions=False)
        response = client.get(path)
        self.events.append(f"client has {response.status_code}")


@pytest.fixture
def recording() -> Recording:
    return Recording()


def trace_of(path: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    class Printed(list[str]):
        def append(self, text: str) -> None:
            print(text)

    async def run() -> None:
        await Connection(traced.app, Printed()).call(path)

    asyncio.run(run())
    return capsys.readouterr().out.splitlines()


def test_the_exit_code_runs_after_response_and_background_tasks_or_before_both(
    recorded: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    in_request = trace_of("/request", capsys)
    in_function = trace_of("/function", capsys)
    assert in_request[-1] == "session closes"
    assert in_request.index("background task") == in_request.index("session closes") - 1
    assert (
        in_function.index("session closes")
        == in_function.index("response starts: 200") - 1
    )
    left = ['scope="request", the default', "", *in_request]
    right = ['scope="function"', "", *in_function]
    rows = zip(left, right, strict=True)
    recorded("trace.txt", "\n".join(f"{a:<31}{b}".rstrip() for a, b in rows))


def test_after_an_exception_the_exit_code_runs_before_the_error_response(
    recorded: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    in_request = trace_of("/request?fail=yes", capsys)
    assert in_request == trace_of("/function?fail=yes", capsys)
    assert in_request.index("session closes") < in_request.index("response starts: 404")
    recorded("exception.txt", "\n".join(in_request))


@pytest.mark.parametrize("scope", SCOPES)
def test_await_call_next_returns_before_the_exit_code_of_the_request_scope(
    recording: Recording, scope: Scope
) -> None:
    app, events = recording.app, recording.events
    app.get("/", dependencies=[Depends(recording.dependency(), scope=scope)])(
        lambda: None
    )

    @app.middleware("http")
    async def note(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        events.append("middleware goes on")
        return response

    recording.get("/")
    after = events.index("middleware goes on")
    assert (after < events.index("dependency closes")) == (scope == "request")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("path", "error", "status"),
    [
        ("/path-operation", "KeyError", 500),
        ("/later-dependency", "HTTPException", 401),
        ("/request-validation?number=x", "RequestValidationError", 422),
        ("/response-validation", "ResponseValidationError", 500),
    ],
)
def test_the_dependency_sees_every_exception_before_the_response(
    recording: Recording, scope: Scope, path: str, error: str, status: int
) -> None:
    app = recording.app
    dependencies = [Depends(recording.dependency(), scope=scope)]

    def refuse() -> None:
        raise HTTPException(401)

    @app.get("/path-operation", dependencies=dependencies)
    def fail() -> None:
        raise KeyError

    @app.get("/later-dependency", dependencies=[*dependencies, Depends(refuse)])
    @app.get("/request-validation", dependencies=dependencies)
    def read(number: int = 0) -> None:
        pass

    @app.get("/response-validation", dependencies=dependencies, response_model=int)
    def wrong() -> str:
        return "seven"

    recording.get(path)
    assert recording.events == [
        "dependency opens",
        f"dependency sees {error}",
        "dependency closes",
        f"client has {status}",
    ]


@pytest.mark.parametrize("scope", SCOPES)
def test_json_that_cannot_be_parsed_is_refused_before_the_dependency_runs(
    scope: Scope,
) -> None:
    app = FastAPI()
    seen: list[str] = []

    async def dependency() -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            seen.append(type(error).__name__)
            raise

    @app.post("/", dependencies=[Depends(dependency, scope=scope)])
    def create(item: dict[str, int]) -> None: ...

    client = TestClient(app)
    json = {"Content-Type": "application/json"}
    assert client.post("/", content=b"{", headers=json).status_code == 422
    assert seen == []
    assert client.post("/", content=b'{"a":"x"}', headers=json).status_code == 422
    assert seen == ["RequestValidationError"]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("path", ["/task", "/stream"])
def test_only_the_request_scope_sees_background_tasks_and_streams_fail(
    recording: Recording, scope: Scope, path: str
) -> None:
    app = recording.app
    dependencies = [Depends(recording.dependency(), scope=scope)]

    def fail() -> None:
        raise KeyError

    def broken_stream() -> Iterator[bytes]:
        yield b"a"
        raise KeyError

    @app.get("/task", dependencies=dependencies)
    def task(tasks: BackgroundTasks) -> None:
        tasks.add_task(fail)

    @app.get("/stream", dependencies=dependencies)
    def stream() -> StreamingResponse:
        return StreamingResponse(broken_stream())

    recording.get(path)
    seen = "KeyError" if scope == "request" else "no exception"
    assert f"dependency sees {seen}" in recording.events
    assert "client has 200" in recording.events


@pytest.mark.parametrize("scope", SCOPES)
def test_a_stream_is_sent_before_the_request_scope_ends_but_after_the_function_scope(
    recording: Recording, scope: Scope
) -> None:
    events = recording.events

    def rows() -> Iterator[bytes]:
        events.append("row")
        yield b"row"

    @recording.app.get("/", dependencies=[Depends(recording.dependency(), scope=scope)])
    def stream() -> StreamingResponse:
        return StreamingResponse(rows())

    recording.get("/")
    assert (events.index("row") < events.index("dependency closes")) == (
        scope == "request"
    )


def test_code_after_a_bare_yield_is_skipped_when_something_raises() -> None:
    client = TestClient(wrong_no_finally.app)
    wrong_no_finally.Connection.open = 0
    assert client.get("/orders/7").status_code == 200
    assert wrong_no_finally.Connection.open == 0
    assert client.get("/orders/8").status_code == 404
    assert wrong_no_finally.Connection.open == 1


def test_finally_closes_also_when_something_raises() -> None:
    client = TestClient(closed_in_finally.app)
    closed_in_finally.Connection.open = 0
    assert client.get("/orders/7").status_code == 200
    assert client.get("/orders/8").status_code == 404
    assert closed_in_finally.Connection.open == 0


def test_a_swallowed_exception_becomes_another_one(recorded: Recorder) -> None:
    client = TestClient(wrong_swallowed.app)
    lines = []
    for scope in SCOPES:
        wrong_swallowed.log.clear()
        with pytest.raises(Exception, match=r".+") as raised:
            client.get(f"/{scope}")
        assert wrong_swallowed.log == ["rollback", "close"]
        assert raised.value.__context__ is None  # the original is lost
        text = f"{type(raised.value).__name__}: {raised.value}"
        lines += [
            f'scope="{scope}"',
            *textwrap.wrap(text, 76, break_long_words=False, break_on_hyphens=False),
            "",
        ]
    recorded("swallowed.txt", "\n".join(lines))


def test_an_exception_that_is_raised_again_is_answered_as_usual() -> None:
    client = TestClient(raised_again.app)
    for scope in SCOPES:
        raised_again.log.clear()
        assert client.get(f"/{scope}").status_code == 404
        assert raised_again.log == ["rollback", "close"]


def test_a_swallowed_exception_in_a_websocket_endpoint_leaves_no_trace(
    recording: Recording,
) -> None:
    @recording.app.websocket("/")
    async def endpoint(
        websocket: WebSocket,
        session: Annotated[Any, Depends(wrong_swallowed.get_session)],
    ) -> None:
        await websocket.accept()
        raise KeyError

    async def run() -> None:
        await Connection(recording.app, recording.events, "websocket").call("/")

    asyncio.run(run())  # nothing is raised
    assert recording.events == ["websocket.accept"]


@pytest.mark.parametrize("scope", SCOPES)
def test_in_a_websocket_endpoint_the_exit_code_runs_when_the_endpoint_returns(
    recording: Recording, scope: Scope
) -> None:
    dependencies = [Depends(recording.dependency(), scope=scope)]

    @recording.app.websocket("/", dependencies=dependencies)
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()
        recording.events.append("endpoint ends")

    async def run() -> None:
        await Connection(recording.app, recording.events, "websocket").call("/")

    asyncio.run(run())
    assert recording.events[-3:] == [
        "endpoint ends",
        "dependency sees no exception",
        "dependency closes",
    ]


def test_catching_every_exception_turns_404_into_500() -> None:
    app = FastAPI()

    def get_session() -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise HTTPException(500, "database error") from error

    @app.get("/", dependencies=[Depends(get_session)])
    def read() -> None:
        raise HTTPException(404)

    response = TestClient(app).get("/")
    assert (response.status_code, response.json()) == (
        500,
        {"detail": "database error"},
    )


def exit_with_http_exception(scope: Scope) -> FastAPI:
    app = FastAPI()

    def get_session() -> Iterator[None]:
        yield
        raise HTTPException(409)

    app.get("/", dependencies=[Depends(get_session, scope=scope)])(lambda: None)
    return app


def test_an_http_exception_after_yield_is_a_response_in_the_function_scope() -> None:
    assert TestClient(exit_with_http_exception("function")).get("/").status_code == 409


def test_an_http_exception_after_the_response_is_a_runtime_error(
    recorded: Recorder,
) -> None:
    app = exit_with_http_exception("request")
    with pytest.raises(RuntimeError) as raised:
        TestClient(app).get("/")
    recorded("too_late.txt", f"RuntimeError: {raised.value}")
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 200


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database fail at each commit."""
    for module in (commit_before_response, wrong_commit_after_response):
        monkeypatch.setattr(module.Session, "broken", True)


@pytest.fixture(autouse=True)
def empty_logs() -> None:
    commit_before_response.log.clear()
    wrong_commit_after_response.log.clear()


@pytest.mark.usefixtures("broken")
def test_a_commit_after_the_response_fails_unseen_by_the_client() -> None:
    app = wrong_commit_after_response.app
    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/orders/lamp").status_code == 201
    with pytest.raises(ConnectionError):
        TestClient(app).post("/orders/lamp")


@pytest.mark.usefixtures("broken")
def test_a_commit_in_the_function_scope_fails_before_the_response() -> None:
    client = TestClient(commit_before_response.app, raise_server_exceptions=False)
    assert client.post("/orders/lamp").status_code == 500
    assert commit_before_response.log == ["open", "rollback lamp", "close"]


def test_the_session_commits_on_success_and_rolls_back_a_404_and_closes() -> None:
    client = TestClient(commit_before_response.app)
    assert client.post("/orders/lamp").status_code == 201
    assert client.post("/orders/sofa").status_code == 409
    assert commit_before_response.log == [
        *["open", "commit lamp", "close"],
        *["open", "rollback sofa", "close"],
    ]


def test_a_returned_error_response_is_committed() -> None:
    app = FastAPI()

    @app.post("/orders")
    async def create(session: commit_before_response.SessionDep) -> JSONResponse:
        session.add("sofa")
        return JSONResponse({}, status_code=409)

    assert TestClient(app).post("/orders").status_code == 409
    assert "commit sofa" in commit_before_response.log


def test_a_cancelled_request_rolls_back_and_closes() -> None:
    app = FastAPI()

    async def run() -> None:
        waiting = asyncio.Event()

        @app.get("/")
        async def create(session: commit_before_response.SessionDep) -> None:
            session.add("lamp")
            waiting.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(Connection(app, []).call("/"))
        await asyncio.wait_for(waiting.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert commit_before_response.log == ["open", "rollback lamp", "close"]


@pytest.mark.parametrize("scope", SCOPES)
def test_an_http_exception_raised_in_except_changes_the_answer(scope: Scope) -> None:
    app = FastAPI()

    def get_session() -> Iterator[None]:
        try:
            yield
        except KeyError as error:
            raise HTTPException(404, "no such key") from error

    @app.get("/", dependencies=[Depends(get_session, scope=scope)])
    def read() -> None:
        raise KeyError

    response = TestClient(app).get("/")
    assert (response.status_code, response.json()) == (404, {"detail": "no such key"})


def test_a_function_scope_may_use_one_of_the_request(recording: Recording) -> None:
    long = recording.dependency("long")

    async def short(value: Annotated[str, Depends(long)]) -> Any:
        yield value
        recording.events.append("short closes")

    dependencies = [Depends(short, scope="function")]
    recording.app.get("/", dependencies=dependencies)(lambda: None)
    recording.get("/")
    events = recording.events
    assert events.index("short closes") < events.index("long closes")


def test_the_last_opened_closes_first_and_function_scopes_before_request_scopes(
    recording: Recording,
) -> None:
    dependencies = [
        Depends(recording.dependency("function 1"), scope="function"),
        Depends(recording.dependency("request 1")),
        Depends(recording.dependency("function 2"), scope="function"),
        Depends(recording.dependency("request 2")),
    ]
    recording.app.get("/", dependencies=dependencies)(lambda: None)
    recording.get("/")
    closed = [event for event in recording.events if event.endswith("closes")]
    assert closed == [
        "function 2 closes",
        "function 1 closes",
        "request 2 closes",
        "request 1 closes",
    ]


def test_a_yield_dependency_of_the_request_cannot_use_one_of_the_function(
    recording: Recording,
) -> None:
    short = recording.dependency()

    async def long(value: Annotated[str, Depends(short, scope="function")]) -> Any:
        yield value

    with pytest.raises(DependencyScopeError, match='dependency "long" has a scope of'):
        recording.app.get("/", dependencies=[Depends(long)])(lambda: None)


@pytest.mark.since(fastapi="0.137.0")
def test_a_wrong_scope_at_include_router_is_a_500_for_later_paths_too(
    recording: Recording,
) -> None:
    short = recording.dependency()

    async def long(value: Annotated[str, Depends(short, scope="function")]) -> Any:
        yield value

    app = FastAPI()
    router = APIRouter()
    router.get("/report")(lambda: None)
    app.get("/before")(lambda: None)
    app.include_router(router, dependencies=[Depends(long)])
    app.get("/after")(lambda: None)
    with TestClient(app, raise_server_exceptions=False) as client:
        paths = ["/before", "/report", "/after", "/openapi.json"]
        assert [client.get(path).status_code for path in paths] == [200, 500, 500, 500]


def test_through_a_plain_dependency_the_scopes_are_not_compared(
    recording: Recording,
) -> None:
    short = recording.dependency("short")

    def plain(value: Annotated[str, Depends(short, scope="function")]) -> str:
        return value

    async def long(value: Annotated[str, Depends(plain)]) -> Any:
        yield value
        recording.events.append("long uses short")

    recording.app.get("/", dependencies=[Depends(long)])(lambda: None)
    recording.get("/")
    events = recording.events
    assert events.index("short closes") < events.index("long uses short")


@pytest.mark.parametrize(
    ("scope", "expected"), [("request", []), ("function", ["task ran"])]
)
def test_headers_and_tasks_added_after_yield_come_too_late(
    scope: Scope, expected: list[str]
) -> None:
    app = FastAPI()
    events: list[str] = []

    async def get_session(tasks: BackgroundTasks, response: Response) -> Any:
        yield
        response.headers["X-Late"] = "1"
        tasks.add_task(events.append, "task ran")

    app.get("/", dependencies=[Depends(get_session, scope=scope)])(lambda: None)
    response = TestClient(app).get("/")
    assert "X-Late" not in response.headers
    assert events == expected


@pytest.mark.parametrize("scope", SCOPES)
def test_a_dependency_that_yields_twice_raises_in_its_exit_code(scope: Scope) -> None:
    def get_sessions() -> Iterator[str]:
        yield "first"
        yield "second"

    async def get_sessions_async() -> AsyncIterator[str]:
        yield "first"
        yield "second"

    app = FastAPI()
    for path, twice in {"/def": get_sessions, "/async": get_sessions_async}.items():
        app.get(path, dependencies=[Depends(twice, scope=scope)])(lambda: None)
        with pytest.raises(RuntimeError, match="generator didn't stop"):
            TestClient(app).get(path)
        client = TestClient(app, raise_server_exceptions=False)
        assert client.get(path).status_code == (200 if scope == "request" else 500)


def test_a_context_manager_decorator_is_too_much() -> None:
    @asynccontextmanager
    async def get_session() -> AsyncIterator[str]:
        yield "session"

    app = FastAPI()
    app.get("/", dependencies=[Depends(get_session)])(lambda: None)
    with pytest.raises(TypeError, match="object is not an async iterator"):
        TestClient(app).get("/")


async def streams_until_the_client_is_gone(
    recording: Recording, spec_version: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"row"
            await asyncio.sleep(0)

    @recording.app.get("/", dependencies=[Depends(recording.dependency())])
    def stream() -> StreamingResponse:
        return StreamingResponse(endless())

    connection = Connection(recording.app, recording.events)
    connection.spec_version = spec_version
    connection.send_fails = spec_version == "2.4"
    connection.bodies_until_gone = 2
    try:
        await asyncio.wait_for(connection.call("/"), PATIENCE)
    except ClientDisconnect:
        recording.events.append("server sees ClientDisconnect")


def test_a_client_that_leaves_a_stream_is_no_exception_under_uvicorn(
    recording: Recording,
) -> None:
    for protocol in (h11_impl, httptools_impl):
        assert '"spec_version": "2.3"' in inspect.getsource(protocol)
    asyncio.run(streams_until_the_client_is_gone(recording, "2.3"))
    assert recording.events == [
        "dependency opens",
        "response starts: 200",
        "dependency sees no exception",
        "dependency closes",
    ]


def test_it_is_a_client_disconnect_where_the_server_reports_asgi_2_4(
    recording: Recording,
) -> None:
    asyncio.run(streams_until_the_client_is_gone(recording, "2.4"))
    assert "dependency sees ClientDisconnect" in recording.events


@pytest.mark.parametrize(
    ("scope", "seen"), [("request", "ExceptionGroup"), ("function", "no exception")]
)
def test_a_server_sent_event_that_waits_when_the_client_leaves_is_an_exception_group(
    recording: Recording, scope: Scope, seen: str
) -> None:
    dependency = Depends(recording.dependency(), scope=scope)
    options: Any = {"dependencies": [dependency], "response_class": EventSourceResponse}

    async def run() -> None:
        connection = Connection(recording.app, recording.events)

        @recording.app.get("/", **options)
        async def events() -> AsyncIterator[int]:
            while True:
                yield 1

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                for _ in range(100):  # until the buffers of FastAPI are full
                    await asyncio.sleep(0)
                connection.gone.set()
                await asyncio.Event().wait()

        connection.send = send  # type: ignore[method-assign]
        await asyncio.wait_for(connection.call("/"), PATIENCE)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(run())
    assert caught.group_contains(anyio.BrokenResourceError)
    assert f"dependency sees {seen}" in recording.events


def test_a_client_that_leaves_does_not_stop_a_path_operation(
    recording: Recording,
) -> None:
    async def run() -> None:
        connection = Connection(recording.app, recording.events)

        @recording.app.get("/", dependencies=[Depends(recording.dependency())])
        async def read() -> None:
            connection.gone.set()
            for _ in range(10):
                await asyncio.sleep(0)
            recording.events.append("path operation ends")

        await connection.call("/")

    asyncio.run(run())
    assert recording.events == [
        "dependency opens",
        "path operation ends",
        "response starts: 200",
        "response ends",
        "dependency sees no exception",
        "dependency closes",
    ]


def test_a_client_that_leaves_stops_a_path_operation_with_yield(
    recording: Recording,
) -> None:
    async def run() -> None:
        connection = Connection(recording.app, recording.events)

        @recording.app.get("/", dependencies=[Depends(recording.dependency())])
        async def rows() -> AsyncIterator[int]:
            connection.gone.set()
            try:
                await asyncio.Event().wait()
            finally:
                recording.events.append("path operation is stopped")
            yield 1

        await asyncio.wait_for(connection.call("/"), PATIENCE)

    asyncio.run(run())
    assert recording.events == [
        "dependency opens",
        "response starts: 200",
        "path operation is stopped",
        "dependency sees no exception",
        "dependency closes",
    ]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_client_that_leaves_stops_a_path_operation_that_reads_the_body(
    recording: Recording, scope: Scope
) -> None:
    dependency = Depends(recording.dependency(), scope=scope)

    @recording.app.get("/", dependencies=[dependency])
    async def read(request: Request) -> None:
        await request.body()
        recording.events.append("path operation ends")

    async def run() -> None:
        connection = Connection(recording.app, recording.events)
        connection.first = False  # no body, but a client that is gone
        connection.gone.set()
        await connection.call("/")

    with pytest.raises(ClientDisconnect):
        asyncio.run(run())
    assert recording.events[:3] == [
        "dependency opens",
        "dependency sees ClientDisconnect",
        "dependency closes",
    ]


@pytest.mark.since(fastapi="0.162.7")
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("how", ["task", "cancel scope"])
def test_a_cancelled_request_runs_the_exit_code_to_its_end(
    recording: Recording, how: str, scope: Scope
) -> None:
    events = recording.events

    async def get_session() -> AsyncIterator[None]:
        try:
            yield
        except Exception:
            events.append("except Exception")
            raise
        finally:
            events.append("closing")
            await asyncio.sleep(0)
            events.append("closed")

    async def run() -> None:
        waiting = asyncio.Event()

        @recording.app.get("/", dependencies=[Depends(get_session, scope=scope)])
        async def read() -> None:
            waiting.set()
            await asyncio.Event().wait()

        connection = Connection(recording.app, events)
        if how == "task":
            task = asyncio.create_task(connection.call("/"))
            await asyncio.wait_for(waiting.wait(), PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(connection.call, "/")
                await asyncio.wait_for(waiting.wait(), PATIENCE)
                tasks.cancel_scope.cancel()

    asyncio.run(run())
    assert events == ["closing", "closed"]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_path_operation_with_yield_runs_after_the_function_scope_has_ended(
    recording: Recording, scope: Scope
) -> None:
    events = recording.events

    @recording.app.get("/", dependencies=[Depends(recording.dependency(), scope=scope)])
    async def rows() -> AsyncIterator[int]:
        events.append("row")
        yield 1

    recording.get("/")
    assert (events.index("row") < events.index("dependency closes")) == (
        scope == "request"
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_a_client_that_leaves_a_websocket_is_an_exception_at_the_yield(
    recording: Recording, scope: Scope
) -> None:
    dependencies = [Depends(recording.dependency(), scope=scope)]

    @recording.app.websocket("/", dependencies=dependencies)
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    async def run() -> None:
        await Connection(recording.app, recording.events, "websocket").call("/")

    with pytest.raises(WebSocketDisconnect):
        asyncio.run(run())
    assert "dependency sees WebSocketDisconnect" in recording.events


@pytest.mark.since(fastapi="0.162.7")
def test_a_cancelled_request_waits_for_exit_code_that_hangs(
    recording: Recording,
) -> None:
    events = recording.events

    async def run() -> None:
        started, closing, released = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def get_session() -> AsyncIterator[None]:
            try:
                yield
            finally:
                closing.set()
                await asyncio.wait_for(released.wait(), PATIENCE)
                events.append("closed")

        @recording.app.get("/", dependencies=[Depends(get_session)])
        async def read() -> None:
            started.set()
            await asyncio.Event().wait()

        with_timeout = anyio.CancelScope()

        async def request() -> None:
            with with_timeout:
                await Connection(recording.app, events).call("/")
            events.append("request ends")

        task = asyncio.create_task(request())
        await asyncio.wait_for(started.wait(), PATIENCE)
        with_timeout.cancel()
        await asyncio.wait_for(closing.wait(), PATIENCE)
        for _ in range(10):
            await asyncio.sleep(0)
        events.append("released")
        released.set()
        await task

    asyncio.run(run())
    assert events == ["released", "closed", "request ends"]


def exits_slowly(events: list[str], closing: asyncio.Event) -> FastAPI:
    """An application whose exit code waits until it is cancelled."""
    app = FastAPI()

    async def get_session() -> AsyncIterator[None]:
        yield
        events.append("exit starts")
        closing.set()
        await asyncio.Event().wait()
        events.append("exit ends")

    app.get("/", dependencies=[Depends(get_session)])(lambda: None)
    return app


def test_a_native_cancellation_cuts_exit_code_short() -> None:
    events: list[str] = []

    async def run() -> None:
        closing = asyncio.Event()
        app = exits_slowly(events, closing)
        task = asyncio.create_task(Connection(app, []).call("/"))
        await asyncio.wait_for(closing.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert events == ["exit starts"]


def test_the_exit_code_of_a_cancelled_request_closes_what_its_def_endpoint_uses() -> (
    None
):
    app = FastAPI()
    entered, cancelled, used = threading.Event(), threading.Event(), threading.Event()
    open_in_use: list[int] = []

    @app.get("/")
    def endpoint(
        connection: Annotated[Any, Depends(closed_in_finally.get_connection)],
    ) -> None:
        entered.set()
        cancelled.wait(PATIENCE)
        open_in_use.append(connection.open)
        used.set()

    async def run() -> None:
        request = asyncio.create_task(Connection(app, []).call("/"))
        await asyncio.to_thread(entered.wait, PATIENCE)
        assert closed_in_finally.Connection.open == 1
        request.cancel()
        await asyncio.wait([request])
        assert not open_in_use
        cancelled.set()

    asyncio.run(run())
    assert used.wait(PATIENCE)
    assert open_in_use == [0]


def test_a_timeout_of_asyncio_cuts_exit_code_short() -> None:
    events: list[str] = []

    async def run() -> None:
        closing = asyncio.Event()
        app = exits_slowly(events, closing)
        async with asyncio.timeout(None) as limit:

            async def end_the_time() -> None:
                await asyncio.wait_for(closing.wait(), PATIENCE)
                limit.reschedule(asyncio.get_running_loop().time())

            ends = asyncio.create_task(end_the_time())
            await Connection(app, []).call("/")
        await ends

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert events == ["exit starts"]


def test_the_limit_of_a_graceful_shutdown_cuts_exit_code_short(serve: Any) -> None:
    app = FastAPI()
    events: list[str] = []
    started = threading.Event()

    async def get_session() -> AsyncIterator[None]:
        yield
        try:
            started.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            events.append(str(error))
            raise
        events.append("exit ends")

    app.get("/", dependencies=[Depends(get_session)])(lambda: None)
    with serve(app, timeout_graceful_shutdown=0) as (address, server):
        with Client(trust_env=False) as client:
            assert client.get(f"{address}/").status_code == 200
        assert started.wait(PATIENCE)
        server.should_exit = True
    assert events == ["Task cancelled, timeout graceful shutdown exceeded"]

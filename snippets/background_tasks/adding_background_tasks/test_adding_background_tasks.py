import ast
import asyncio
import functools
import inspect
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Request,
    Response,
    WebSocket,
)
from fastapi.responses import FileResponse, JSONResponse
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from snippets.background_tasks.adding_background_tasks import (
    add_task,
    after_yield,
    from_dependency,
    response,
    wrong_after_yield,
    wrong_called,
    wrong_lambda,
    wrong_response,
)

PATIENCE = 10  # seconds, far more than a test needs


class Log:
    """What the tasks printed since it was last looked at."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __eq__(self, lines: object) -> bool:
        return self.capsys.readouterr().out.splitlines() == lines


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    return Log(capsys)


def post(module: ModuleType, path: str) -> int:
    client = TestClient(module.app, raise_server_exceptions=False)
    return client.post(path).status_code


def test_add_task_calls_the_function_with_the_arguments(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    response = TestClient(add_task.app).post("/users/ann@example.com")
    lines = ["POST /users/ann@example.com HTTP/1.1", ""]
    lines += [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    recorded("created.http", "\n".join([*lines, "", response.text]))
    recorded("printed.txt", capsys.readouterr().out)


def test_the_background_tasks_parameter_is_no_field_of_the_request() -> None:
    operation = add_task.app.openapi()["paths"]["/users/{address}"]["post"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["address"]
    assert "requestBody" not in operation


def test_a_dependency_adds_to_the_tasks_of_the_request(log: Log) -> None:
    client = TestClient(from_dependency.app)
    assert client.delete("/users/ann").status_code == 204
    assert log == ["audit of ann"]


def test_endpoint_and_dependencies_share_one_object() -> None:
    app = FastAPI()
    seen: list[BackgroundTasks] = []

    def dependency(tasks: BackgroundTasks) -> None:
        seen.append(tasks)

    @app.post("/", dependencies=[Depends(dependency)])
    async def endpoint(background: BackgroundTasks) -> None:
        seen.append(background)

    TestClient(app).post("/")
    assert seen[0] is seen[1]


def test_a_function_that_is_called_runs_before_the_response_and_the_task_fails(
    log: Log,
) -> None:
    with pytest.raises(TypeError, match="the first argument must be callable"):
        TestClient(wrong_called.app).post("/users/ann@example.com")
    assert log == ["to ann@example.com: Welcome"]
    assert post(wrong_called, "/users/ann@example.com") == 201


def test_a_coroutine_is_no_task_either() -> None:
    app = FastAPI()
    coroutine: Any = wrong_lambda.send_email("ann@example.com")

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(coroutine)

    with pytest.raises(TypeError, match="the first argument must be callable"):
        TestClient(app).post("/")
    coroutine.close()


class Coroutine:
    """Stands for the coroutine of ``send_email``, and tells whether it was awaited."""

    made = 0
    awaited = 0

    def __init__(self, address: str) -> None:
        Coroutine.made += 1

    def __await__(self) -> Iterator[None]:
        Coroutine.awaited += 1
        yield


def test_a_lambda_around_an_async_function_never_awaits_its_coroutine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert inspect.iscoroutinefunction(wrong_lambda.send_email)
    monkeypatch.setattr(wrong_lambda, "send_email", Coroutine)
    assert post(wrong_lambda, "/users/ann@example.com") == 201
    assert (Coroutine.made, Coroutine.awaited) == (1, 0)


def test_functools_partial_of_an_async_function_runs() -> None:
    app = FastAPI()
    log: list[str] = []

    async def task(line: str) -> None:
        log.append(line)

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(functools.partial(task, "ran"))

    TestClient(app).post("/")
    assert log == ["ran"]


def test_a_task_before_it_that_raises_loses_a_task() -> None:
    app = FastAPI()
    log: list[str] = []

    def fails() -> None:
        raise ConnectionError

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(fails)
        background_tasks.add_task(log.append, "second")

    assert TestClient(app, raise_server_exceptions=False).post("/").status_code == 200
    assert log == []


def test_a_request_that_fails_outside_of_the_endpoint_loses_its_tasks() -> None:
    app = FastAPI()
    log: list[str] = []

    def dependency(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(log.append, "task of the dependency")

    @app.get("/valid", dependencies=[Depends(dependency)])
    async def valid(number: int) -> None: ...

    @app.middleware("http")
    async def middleware(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        if request.url.path == "/middleware":
            raise ValueError
        return response

    @app.get("/type", response_model=int)
    @app.get("/middleware")
    @app.get("/fits")
    async def endpoint(background_tasks: BackgroundTasks) -> str:
        background_tasks.add_task(log.append, "task")
        return "text"

    @app.get("/stream")
    async def stream(background_tasks: BackgroundTasks) -> AsyncIterator[int]:
        background_tasks.add_task(log.append, "task of the stream")
        yield 1
        raise ValueError

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/type", "/middleware", "/stream", "/valid?number=x"):
        client.get(path)
        assert log == []
    client.get("/fits")
    client.get("/valid?number=1")
    assert log == ["task", "task of the dependency"]


def test_only_finally_deletes_a_file_whose_response_raises(tmp_path: Path) -> None:
    app = FastAPI()
    log: list[str] = []

    def bare() -> Iterator[None]:
        yield
        log.append("bare")

    def in_finally() -> Iterator[None]:
        try:
            yield
        finally:
            log.append("finally")

    @app.get("/", dependencies=[Depends(bare), Depends(in_finally)])
    async def endpoint() -> FileResponse:
        return FileResponse(tmp_path / "absent")

    TestClient(app, raise_server_exceptions=False).get("/")
    assert log == ["finally"]


@pytest.mark.parametrize(
    ("wanted", "status", "ran"),
    [("bytes=0-1", 206, True), ("bytes=99-", 416, False), ("bytes=x", 400, False)],
)
def test_a_file_response_that_cannot_serve_the_range_loses_its_tasks(
    wanted: str, status: int, ran: bool, tmp_path: Path
) -> None:
    app = FastAPI()
    log: list[str] = []
    file = tmp_path / "file"
    file.write_bytes(b"data")

    def exit_code() -> Iterator[None]:
        try:
            yield
        finally:
            log.append("exit code")

    @app.get("/", dependencies=[Depends(exit_code)])
    async def endpoint(background_tasks: BackgroundTasks) -> FileResponse:
        background_tasks.add_task(log.append, "ran")
        return FileResponse(file)

    assert TestClient(app).get("/", headers={"Range": wanted}).status_code == status
    assert log == (["ran", "exit code"] if ran else ["exit code"])


def test_background_on_a_returned_response_drops_the_injected_tasks(
    log: Log,
) -> None:
    assert post(wrong_response, "/users") == 200
    assert log == ["audit"]


def test_a_returned_response_without_background_takes_the_injected_tasks(
    log: Log,
) -> None:
    assert post(response, "/users") == 200
    assert log == ["audit", "email"]


def test_a_task_added_after_yield_is_never_run(log: Log) -> None:
    assert post(wrong_after_yield, "/users") == 200
    assert log == []


def test_with_scope_function_a_task_added_after_yield_is_run(log: Log) -> None:
    assert post(after_yield, "/users") == 200
    assert log == ["audit"]


def test_a_task_can_add_a_task() -> None:
    app = FastAPI()
    log: list[str] = []

    def first(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(log.append, "second")

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(first, background_tasks)

    TestClient(app).post("/")
    assert log == ["second"]


def test_tasks_added_by_a_streaming_endpoint_run_after_the_stream() -> None:
    app = FastAPI()
    log: list[str] = []

    @app.get("/")
    def stream(background_tasks: BackgroundTasks) -> Iterator[int]:
        background_tasks.add_task(log.append, "task")
        yield 1
        log.append("last item")

    assert TestClient(app).get("/").text == "1\n"
    assert log == ["last item", "task"]


def test_when_the_client_leaves_a_stream_its_tasks_run_before_the_last_item(
    serve: Any,
) -> None:
    app = FastAPI()
    log: list[str] = []
    ran = threading.Event()

    def task() -> None:
        log.append("task")
        ran.set()

    @app.get("/")
    async def stream(background_tasks: BackgroundTasks) -> AsyncIterator[int]:
        background_tasks.add_task(task)
        yield 1
        await asyncio.Event().wait()
        log.append("last item")

    with serve(app) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(100)
        assert ran.wait(PATIENCE)
    assert log == ["task"]


def test_they_do_not_run_where_the_server_reports_asgi_2_4_and_a_client_leaves() -> (
    None
):
    app = FastAPI()
    log: list[str] = []

    @app.get("/")
    async def stream(background_tasks: BackgroundTasks) -> AsyncIterator[int]:
        background_tasks.add_task(log.append, "task")
        yield 1

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError("connection lost")

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/"}
    scope |= {"query_string": b"", "headers": []}
    scope["asgi"] = {"version": "3.0", "spec_version": "2.4"}
    with pytest.raises(ClientDisconnect):
        asyncio.run(app(scope, receive, send))
    assert log == []


def test_a_response_that_is_returned_twice_runs_the_tasks_of_the_first_request() -> (
    None
):
    app = FastAPI()
    log: list[int] = []
    created = JSONResponse({"created": True})

    @app.post("/{number}")
    async def endpoint(number: int, background_tasks: BackgroundTasks) -> JSONResponse:
        background_tasks.add_task(log.append, number)
        return created

    for number in (1, 2):
        TestClient(app).post(f"/{number}")
    assert log == [1, 1]


def test_in_a_websocket_endpoint_tasks_are_never_run() -> None:
    app = FastAPI()
    log: list[str] = []

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket, background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(log.append, "task")
        await websocket.accept()
        log.append("endpoint")
        await websocket.close()

    with TestClient(app).websocket_connect("/ws") as client:
        assert client.receive()["type"] == "websocket.close"
    assert log == ["endpoint"]


def test_an_override_replaces_what_a_dependency_adds(log: Log) -> None:
    calls: list[str] = []

    class Fake:
        def later(self, user: str) -> None:
            calls.append(user)

    overrides = from_dependency.app.dependency_overrides
    overrides[from_dependency.Audit] = Fake
    try:
        TestClient(from_dependency.app).delete("/users/ann")
    finally:
        overrides.clear()
    assert calls == ["ann"]
    assert log == []


def test_background_tasks_is_a_class_and_no_decorator() -> None:
    decorator: Any = BackgroundTasks
    with pytest.raises(TypeError, match="not iterable"):
        decorator(add_task.send_email)
    assert isinstance(BackgroundTasks, type)


def test_fastapi_has_no_decorator_for_background_tasks() -> None:
    for place in (FastAPI(), APIRouter()):
        assert [name for name in dir(place) if "background" in name.lower()] == []


def test_a_signature_without_colon_and_body_is_no_python() -> None:
    with pytest.raises(SyntaxError):
        ast.parse("async def send_email(email:str, background_tasks: BackgroundTasks)")


def test_background_tasks_is_injected_into_endpoints_and_dependencies_not_into_tasks() -> (
    None
):
    app = FastAPI()

    def task(address: str, background_tasks: BackgroundTasks) -> None: ...

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        add: Any = background_tasks.add_task
        add(task, "ann@example.com")

    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        TestClient(app).post("/")


def test_without_the_type_background_tasks_is_an_ordinary_parameter() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(
        background_tasks: Annotated[str, "no BackgroundTasks"],
    ) -> None: ...

    assert TestClient(app).post("/").status_code == 422

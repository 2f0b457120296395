import asyncio
import inspect
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Any

import anyio.to_thread
import httpx2
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snippets.background_tasks.background_tasks import (
    def_task,
    receipt,
    released_session,
    wrong_blocking_task,
    wrong_held_session,
)

PATIENCE = 30.0


async def post(app: ASGIApp, path: str, sent: Callable[[], None]) -> None:
    """Make one ASGI call of ``app``, and call ``sent`` when the response is complete."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            sent()

    await app(
        {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
        },
        receive,
        send,
    )


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    log: list[str] = []
    for module in (released_session, wrong_held_session):
        monkeypatch.setattr(module, "events", log)
    return log


def test_tasks_run_after_the_response_in_the_order_in_which_they_were_added(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    asyncio.run(post(receipt.app, "/orders/7", lambda: print("server: response sent")))
    text = capsys.readouterr().out
    assert [line.split(":")[0] for line in text.splitlines()] == (
        ["endpoint", "server", "task", "task"]
    )
    recorded("order.txt", text)


def test_the_client_gets_what_the_endpoint_returns(recorded: Any) -> None:
    response = TestClient(receipt.app).post("/orders/7")
    lines = ["POST /orders/7 HTTP/1.1", ""]
    lines += [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    recorded("created.http", "\n".join([*lines, "", response.text]))


def test_tasks_run_after_the_response_in_order_and_before_the_dependency_closes() -> (
    None
):
    app = FastAPI()
    events: list[str] = []

    async def open_session() -> AsyncIterator[None]:
        events.append("dependency: opened")
        yield
        events.append("dependency: closed")

    @app.post("/", dependencies=[Depends(open_session)])
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(events.append, "task: first")
        background_tasks.add_task(events.append, "task: second")
        events.append("endpoint: returns")

    asyncio.run(post(app, "/", lambda: events.append("server: response sent")))
    assert events == [
        "dependency: opened",
        "endpoint: returns",
        "server: response sent",
        "task: first",
        "task: second",
        "dependency: closed",
    ]


def test_the_tasks_are_part_of_the_requests_own_asgi_call(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asyncio.run(post(receipt.app, "/orders/7", lambda: None))
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "task: audit of order 7",
        "task: 2 receipts for order 7",
    ]


def test_tasks_run_in_the_same_process_on_the_loops_thread_or_in_a_worker_thread() -> (
    None
):
    app = FastAPI()
    places: dict[str, tuple[int, threading.Thread]] = {}

    def note(name: str) -> None:
        places[name] = (os.getpid(), threading.current_thread())

    async def on_the_loop() -> None:
        note("async def")

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        note("endpoint")
        background_tasks.add_task(on_the_loop)
        background_tasks.add_task(note, "def")

    asyncio.run(post(app, "/", lambda: None))
    assert places["endpoint"] == places["async def"]
    assert places["def"][0] == os.getpid()
    assert places["def"][1] is not places["endpoint"][1]


def test_the_tasks_of_a_request_never_overlap() -> None:
    app = FastAPI()
    log: list[str] = []

    async def task(name: str) -> None:
        log.append(f"{name} starts")
        await asyncio.sleep(0)
        log.append(f"{name} ends")

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(task, "a")
        background_tasks.add_task(task, "b")

    asyncio.run(post(app, "/", lambda: None))
    assert log == ["a starts", "a ends", "b starts", "b ends"]


def test_the_test_client_returns_after_the_tasks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert TestClient(receipt.app).post("/orders/7").status_code == 201
    assert capsys.readouterr().out.endswith("2 receipts for order 7\n")


def test_the_tasks_of_different_requests_overlap() -> None:
    app = FastAPI()
    started: list[str] = []

    async def task(name: str, both_run: asyncio.Event) -> None:
        started.append(name)
        if len(started) == 2:
            both_run.set()
        await asyncio.wait_for(both_run.wait(), PATIENCE)

    async def both() -> None:
        both_run = asyncio.Event()

        @app.post("/{name}")
        async def endpoint(name: str, background_tasks: BackgroundTasks) -> None:
            background_tasks.add_task(task, name, both_run)

        await asyncio.gather(*(post(app, path, lambda: None) for path in ("/a", "/b")))

    asyncio.run(both())
    assert sorted(started) == ["a", "b"]


def test_pure_asgi_middleware_waits_for_the_tasks_and_function_middleware_does_not() -> (
    None
):
    app = FastAPI()
    log: list[str] = []

    @app.middleware("http")
    async def function(
        request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        response = await call_next(request)
        log.append("after call_next")
        return response

    class Pure:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)
            log.append("after await self.app")

    app.add_middleware(Pure)

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(log.append, "task")

    asyncio.run(post(app, "/", lambda: log.append("response sent")))
    assert log == ["after call_next", "response sent", "task", "after await self.app"]


class Gate:
    """A task that runs until it is let go."""

    def __init__(self) -> None:
        self.started, self.leave = threading.Event(), threading.Event()
        self.ended = threading.Event()

    def wait(self) -> None:
        self.started.set()
        self.leave.wait(PATIENCE)
        self.ended.set()

    async def wait_on_the_loop(self) -> None:
        self.started.set()
        await asyncio.to_thread(self.leave.wait, PATIENCE)
        self.ended.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.leave.set()


def application(gate: Gate) -> FastAPI:
    app = FastAPI()

    @app.get("/start")
    async def start(background_tasks: BackgroundTasks, loop: bool = False) -> None:
        background_tasks.add_task(gate.wait_on_the_loop if loop else gate.wait)

    @app.get("/port")
    async def port(request: Request) -> int:
        assert request.client is not None
        return request.client.port

    return app


def test_the_next_request_of_the_same_connection_does_not_wait(
    serve: Any, gate: Gate
) -> None:
    with serve(application(gate)) as (url, _), httpx2.Client(base_url=url) as client:
        before = client.get("/port", timeout=PATIENCE).json()
        assert client.get("/start", timeout=PATIENCE).status_code == 200
        assert gate.started.wait(PATIENCE)
        assert client.get("/port", timeout=PATIENCE).json() == before
        assert not gate.ended.is_set()
        gate.leave.set()


def test_shutdown_waits_for_the_tasks(serve: Any, gate: Gate) -> None:
    with serve(application(gate)) as (url, server):
        httpx2.get(f"{url}/start", timeout=PATIENCE)
        assert gate.started.wait(PATIENCE)
        server.should_exit = True
        assert server.server_state.tasks
        gate.leave.set()
    assert gate.ended.is_set()
    assert not server.server_state.tasks


def test_timeout_graceful_shutdown_cancels_a_task_on_the_loop(
    serve: Any, gate: Gate
) -> None:
    seen: list[BaseException] = []
    app = FastAPI()

    async def endless() -> None:
        gate.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(error)
            raise

    @app.get("/start")
    async def start(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(endless)

    with serve(app, timeout_graceful_shutdown=0) as (url, _):
        httpx2.get(f"{url}/start", timeout=PATIENCE)
        assert gate.started.wait(PATIENCE)
    assert "timeout graceful shutdown exceeded" in str(seen[0])


def test_a_client_that_hangs_up_does_not_stop_the_tasks(serve: Any, gate: Gate) -> None:
    with serve(application(gate)) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /start HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert gate.started.wait(PATIENCE)
        gate.leave.set()
    assert gate.ended.is_set()


class Sleeper:
    """Stands for ``time``: blocks until another request was answered, or gives up."""

    def __init__(self, give_up: float) -> None:
        self.give_up = give_up
        self.started, self.other_answered = threading.Event(), threading.Event()
        self.served_meanwhile: bool | None = None

    def sleep(self, seconds: float) -> None:
        self.started.set()
        self.served_meanwhile = self.other_answered.wait(self.give_up)


def race(serve: Any, module: ModuleType, sleeper: Sleeper) -> bool | None:
    with serve(module.app) as (url, _):
        httpx2.post(f"{url}/orders/7", timeout=PATIENCE)
        assert sleeper.started.wait(PATIENCE)
        assert httpx2.get(f"{url}/health", timeout=PATIENCE).status_code == 200
        sleeper.other_answered.set()
    return sleeper.served_meanwhile


def test_a_blocking_call_in_an_async_def_task_holds_up_every_other_request(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = Sleeper(give_up=0.2)
    monkeypatch.setattr(wrong_blocking_task, "time", sleeper)
    assert race(serve, wrong_blocking_task, sleeper) is False


def test_a_def_task_leaves_the_event_loop_free(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = Sleeper(give_up=PATIENCE)
    monkeypatch.setattr(def_task, "time", sleeper)
    assert race(serve, def_task, sleeper) is True


def test_def_tasks_take_the_threads_of_def_endpoints() -> None:
    app = FastAPI()
    free: list[float] = []

    def task() -> None:
        limiter = anyio.from_thread.run_sync(
            anyio.to_thread.current_default_thread_limiter
        )
        free.append(anyio.from_thread.run_sync(lambda: limiter.available_tokens))

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        free.append(limiter.available_tokens)
        background_tasks.add_task(task)

    asyncio.run(post(app, "/", lambda: None))
    assert free == [40, 39]


def test_a_request_scoped_dependency_stays_open_during_the_tasks(
    events: list[str],
) -> None:
    TestClient(wrong_held_session.app).post("/orders/7")
    assert events == ["mail to customer7@example.com", "session closed"]


def test_a_function_scoped_dependency_is_closed_before_the_tasks(
    events: list[str],
) -> None:
    TestClient(released_session.app).post("/orders/7")
    session_of_request, session_of_task = "session closed", "session closed"
    assert events == [
        session_of_request,
        session_of_task,
        "mail to customer7@example.com",
    ]


def test_when_the_endpoint_raises_the_task_is_lost_and_the_exit_code_runs() -> None:
    app = FastAPI()
    log: list[str] = []

    async def cleaned_up() -> AsyncIterator[None]:
        try:
            yield
        finally:
            log.append("exit code")

    async def without_finally() -> AsyncIterator[None]:
        yield
        log.append("skipped")

    @app.post("/", dependencies=[Depends(cleaned_up), Depends(without_finally)])
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(log.append, "task")
        raise ValueError

    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/").status_code == 500
    assert log == ["exit code"]


def test_background_tasks_know_no_retry_result_limit_or_store() -> None:
    assert list(inspect.signature(BackgroundTasks.add_task).parameters) == (
        ["self", "func", "args", "kwargs"]
    )
    assert vars(BackgroundTasks()) == {"tasks": []}

import asyncio
import socket
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar, Token
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import anyio.from_thread
import anyio.to_thread
import pytest
import uvicorn
from fastapi import BackgroundTasks, Depends, FastAPI, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from httpx2 import ASGITransport, AsyncClient
from pydantic import BaseModel, field_serializer, field_validator

from snippets.concurrency.def_in_the_thread_pool import (
    contextvar_in_async_def,
    lock_around_the_check,
    sqlite_connection,
    where_code_runs,
    wrong_check_then_act,
    wrong_contextvar_in_def,
    wrong_sqlite_connection,
)

PATIENCE = 30.0  # how long a broken test may take
WORKER = "AnyIO worker thread"


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://test"
    ) as client:
        yield client


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something has happened."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.001)


def waiting_for_a_thread() -> int:
    return anyio.to_thread.current_default_thread_limiter().statistics().tasks_waiting


@asynccontextmanager
async def full_pool() -> AsyncIterator[None]:
    """Hold every token of the thread pool."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    holders = [object() for _ in range(int(limiter.total_tokens))]
    for holder in holders:
        limiter.acquire_on_behalf_of_nowait(holder)
    try:
        yield
    finally:
        for holder in holders:
            limiter.release_on_behalf_of(holder)


def test_where_each_function_runs(
    capsys: pytest.CaptureFixture[str], recorded: Callable[[str, str], None]
) -> None:
    async def scenario() -> None:
        async with client_of(where_code_runs.app) as client:
            answer = await client.get("/orders")
            print(f"\nGET /orders\n{answer.status_code} {answer.text}")

    asyncio.run(scenario())
    recorded("output.txt", capsys.readouterr().out)


def test_one_request_takes_four_trips_to_the_pool_and_one_past_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_sync = anyio.to_thread.run_sync
    own_limiter = []

    async def count(func: Any, *args: Any, **options: Any) -> Any:
        own_limiter.append("limiter" in options)
        return await run_sync(func, *args, **options)

    async def scenario() -> None:
        async with client_of(where_code_runs.app) as client:
            assert (await client.get("/orders")).status_code == 200

    monkeypatch.setattr(anyio.to_thread, "run_sync", count)
    asyncio.run(scenario())
    # before yield, path operation, validation of its result, background task, after yield
    assert own_limiter == [False, False, False, False, True]


def test_ten_requests_are_inside_the_same_def_function_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    barrier = threading.Barrier(10, timeout=PATIENCE)  # opens when ten threads wait

    def meet(what: str) -> None:
        if what == "def path operation":
            barrier.wait()

    async def scenario() -> list[int]:
        async with client_of(where_code_runs.app) as client:
            answers = await asyncio.gather(*[client.get("/orders") for _ in range(10)])
        return [answer.status_code for answer in answers]

    monkeypatch.setattr(where_code_runs, "show", meet)
    assert asyncio.run(scenario()) == [200] * 10


def test_a_def_request_that_came_later_is_answered_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, second_answered = threading.Event(), threading.Event()

    def hold_the_first(what: str) -> None:
        if what == "def path operation" and not entered.is_set():
            entered.set()
            assert second_answered.wait(PATIENCE)

    async def scenario() -> list[str]:
        order = []
        async with client_of(where_code_runs.app) as client:
            first = asyncio.create_task(client.get("/orders"))
            first.add_done_callback(lambda _: order.append("first"))
            await until(entered.is_set)
            await client.get("/orders")
            order.append("second")
            second_answered.set()
            await first
        return order

    monkeypatch.setattr(where_code_runs, "show", hold_the_first)
    assert asyncio.run(scenario()) == ["second", "first"]


def test_def_calls_interleave_in_the_middle_although_nothing_is_awaited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    barrier = threading.Barrier(2, timeout=PATIENCE)
    steps = []

    def step(what: str) -> None:
        if what == "def path operation":
            steps.append("begins")
            barrier.wait()
            steps.append("ends")

    async def scenario() -> None:
        async with client_of(where_code_runs.app) as client:
            await asyncio.gather(client.get("/orders"), client.get("/orders"))

    monkeypatch.setattr(where_code_runs, "show", step)
    asyncio.run(scenario())
    assert steps == ["begins", "begins", "ends", "ends"]


def test_the_dependencies_of_one_request_run_one_after_another() -> None:
    app = FastAPI()
    other_began, steps = threading.Event(), []

    def first() -> None:
        steps.append("first begins")
        other_began.wait(0.1)  # gives up: the other does not begin meanwhile
        steps.append("first ends")

    def other() -> None:
        other_began.set()
        steps.append("other")

    @app.get("/", dependencies=[Depends(first), Depends(other)])
    def endpoint() -> None:
        steps.append("endpoint")

    async def scenario() -> None:
        async with client_of(app) as client:
            await client.get("/")

    asyncio.run(scenario())
    assert steps == ["first begins", "first ends", "other", "endpoint"]


def test_two_threads_pass_the_check_before_either_acts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    barrier = threading.Barrier(2, timeout=PATIENCE)

    async def scenario() -> list[int]:
        async with client_of(wrong_check_then_act.app) as client:
            answers = await asyncio.gather(
                client.post("/tickets"), client.post("/tickets")
            )
        return [answer.status_code for answer in answers]

    monkeypatch.setattr(wrong_check_then_act, "tickets", {"left": 1})
    monkeypatch.setattr(wrong_check_then_act, "print_ticket", barrier.wait)
    assert asyncio.run(scenario()) == [201, 201]
    assert wrong_check_then_act.tickets == {"left": -1}


def test_a_lock_makes_check_and_change_one_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printing, second_answered = threading.Event(), threading.Event()

    def print_slowly() -> None:
        printing.set()
        assert second_answered.wait(PATIENCE)

    async def scenario() -> list[int]:
        async with client_of(lock_around_the_check.app) as client:
            first = asyncio.create_task(client.post("/tickets"))
            await until(printing.is_set)
            second = await client.post("/tickets")  # the first still prints
            second_answered.set()
            return [(await first).status_code, second.status_code]

    monkeypatch.setattr(lock_around_the_check, "tickets", {"left": 1})
    monkeypatch.setattr(lock_around_the_check, "print_ticket", print_slowly)
    assert asyncio.run(scenario()) == [201, 409]
    assert lock_around_the_check.tickets == {"left": 0}


def test_a_ticket_that_cannot_be_printed_is_for_sale_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_paper() -> None:
        raise OSError("out of paper")

    monkeypatch.setattr(lock_around_the_check, "tickets", {"left": 1})
    monkeypatch.setattr(lock_around_the_check, "print_ticket", out_of_paper)
    with pytest.raises(OSError, match="out of paper"):
        lock_around_the_check.buy_ticket()
    assert lock_around_the_check.tickets == {"left": 1}


def test_run_in_threadpool_is_anyio_to_thread_run_sync_and_no_loop_runs_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_sync = anyio.to_thread.run_sync
    calls = []

    async def count(func: Any, *args: Any, **options: Any) -> Any:
        calls.append(func)
        return await run_sync(func, *args, **options)

    def loop_runs(answer: bool) -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return not answer
        return answer

    monkeypatch.setattr(anyio.to_thread, "run_sync", count)
    assert asyncio.run(run_in_threadpool(loop_runs, True)) is False
    assert len(calls) == 1


def test_the_halves_of_a_yield_dependency_may_run_on_two_threads() -> None:
    app = FastAPI()
    threads: list[threading.Thread] = []
    taken, release = threading.Event(), threading.Event()

    def dependency() -> Iterator[None]:
        threads.append(threading.current_thread())
        yield
        threads.append(threading.current_thread())

    def other_request() -> None:
        taken.set()
        assert release.wait(PATIENCE)

    @app.get("/", dependencies=[Depends(dependency)])
    async def endpoint() -> None:
        work.append(asyncio.create_task(anyio.to_thread.run_sync(other_request)))
        await until(taken.is_set)  # it has taken the idle thread

    work: list[asyncio.Task[None]] = []

    async def scenario() -> None:
        async with client_of(app) as client:
            await client.get("/")
        release.set()
        await work[0]

    asyncio.run(scenario())
    before, after = threads
    assert before is not after


def test_a_threading_lock_held_across_an_await_stops_the_event_loop() -> None:
    app = FastAPI()
    lock = threading.Lock()
    acquired = []

    @app.get("/")
    async def endpoint() -> None:
        # Without a timeout, which right code would not need, this would wait for ever.
        acquired.append(lock.acquire(timeout=0.1))
        if acquired[-1]:
            await asyncio.sleep(0)  # all it needs is one turn of the event loop
            lock.release()

    async def scenario() -> None:
        async with client_of(app) as client:
            await asyncio.gather(client.get("/"), client.get("/"))

    asyncio.run(scenario())
    assert acquired == [True, False]


def read_version(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, other_work: bool
) -> int:
    """Call /version; other work may take the dependency's thread before the endpoint runs."""
    release, threads = threading.Event(), []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def remember_the_thread(*args: Any, **options: Any) -> sqlite3.Connection:
        threads.append(threading.current_thread())
        return connect(*args, **options)

    def other_request() -> None:
        threads.append(threading.current_thread())
        assert release.wait(PATIENCE)

    async def scenario() -> int:
        tasks = []

        async def take_the_idle_thread() -> str:
            if other_work:
                work = anyio.to_thread.run_sync(other_request)
                tasks.append(asyncio.create_task(work))
                await until(lambda: len(threads) == 2)
                assert threads[0] is threads[1]
            return "ana"

        module.app.dependency_overrides[module.current_user] = take_the_idle_thread
        try:
            async with client_of(module.app) as client:
                return (await client.get("/version")).status_code
        finally:
            module.app.dependency_overrides.clear()
            release.set()
            await asyncio.gather(*tasks)

    monkeypatch.setattr(sqlite3, "connect", remember_the_thread)
    return asyncio.run(scenario())


def test_sqlite_refuses_the_endpoint_when_the_dependency_ran_on_another_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(
        sqlite3.ProgrammingError,
        match="SQLite objects created in a thread can only be used in that same thread",
    ):
        read_version(monkeypatch, wrong_sqlite_connection, other_work=True)


def test_a_lone_request_gets_the_same_thread_back_and_hides_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read_version(monkeypatch, wrong_sqlite_connection, other_work=False) == 200


def test_sqlite_refuses_an_async_def_endpoint_on_the_first_request() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(
        db: Annotated[sqlite3.Connection, Depends(wrong_sqlite_connection.get_db)],
    ) -> None:
        db.execute("SELECT 1")

    async def scenario() -> None:
        async with client_of(app) as client:
            await client.get("/")

    with pytest.raises(sqlite3.ProgrammingError, match="only be used in that same"):
        asyncio.run(scenario())


def test_a_connection_of_the_endpoint_is_opened_used_and_closed_in_its_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used, gone, closed = threading.Event(), threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    class Watched(sqlite3.Connection):
        def execute(self, *args: Any) -> sqlite3.Cursor:
            threads.append(threading.current_thread())
            used.set()
            assert gone.wait(PATIENCE)
            return super().execute(*args)

        def close(self) -> None:
            threads.append(threading.current_thread())
            super().close()
            closed.set()

    def connect() -> sqlite3.Connection:
        threads.append(threading.current_thread())
        return sqlite3.connect(":memory:", factory=Watched)

    async def scenario() -> None:
        async with client_of(sqlite_connection.app) as client:
            request = asyncio.create_task(client.get("/version"))
            await until(used.is_set)
            request.cancel()
            await asyncio.wait([request])
            assert not closed.is_set()
            gone.set()
            await until(closed.is_set)
            assert (await client.get("/version")).status_code == 200

    monkeypatch.setattr(sqlite_connection, "connect", connect)
    asyncio.run(scenario())
    assert len(set(threads[:3])) == 1


def get_language(module: ModuleType) -> Any:
    async def scenario() -> Any:
        async with client_of(module.app) as client:
            answer = await client.get("/language", headers={"X-Language": "de"})
        return answer.json()

    return asyncio.run(scenario())


def test_a_contextvar_set_in_a_def_dependency_is_lost() -> None:
    assert get_language(wrong_contextvar_in_def) == "en"


def test_a_contextvar_set_in_an_async_def_dependency_reaches_the_def_endpoint() -> None:
    assert get_language(contextvar_in_async_def) == "de"


def test_a_contextvar_cannot_be_reset_after_yield_in_a_def_dependency() -> None:
    app = FastAPI()
    user: ContextVar[str] = ContextVar("user")

    def set_user() -> Iterator[Token[str]]:
        token = user.set("ana")
        yield token
        user.reset(token)

    @app.get("/")
    def endpoint(token: Annotated[Any, Depends(set_user)]) -> None:
        """Do nothing."""

    async def scenario() -> None:
        async with client_of(app) as client:
            await client.get("/")

    with pytest.raises(ValueError, match="was created in a different Context"):
        asyncio.run(scenario())


def test_a_thread_local_still_holds_the_value_of_an_earlier_request() -> None:
    app = FastAPI()
    local = threading.local()

    @app.get("/login")
    def login() -> None:
        local.user = "ana"

    @app.get("/me")
    def me() -> str | None:
        return getattr(local, "user", None)

    async def scenario() -> Any:
        async with client_of(app) as client:
            await client.get("/login")
            return (await client.get("/me")).json()

    assert asyncio.run(scenario()) == "ana"


class Recorder(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def validate_name(cls, name: str) -> str:
        print(f"validate {threading.current_thread().name}")
        return name

    @field_serializer("name")
    def serialize_name(self, name: str) -> str:
        print(f"serialize {threading.current_thread().name}")
        return name


def test_a_def_result_is_validated_in_a_thread_and_serialized_on_the_loop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = FastAPI()

    @app.post("/", response_model=Recorder)
    def endpoint(body: Recorder) -> dict[str, str]:
        print("endpoint")
        return {"name": body.name}

    async def scenario() -> None:
        async with client_of(app) as client:
            assert (await client.post("/", json={"name": "a"})).status_code == 200

    asyncio.run(scenario())
    assert capsys.readouterr().out.splitlines() == [
        "validate MainThread",
        "endpoint",
        f"validate {WORKER}",
        "serialize MainThread",
    ]


class ByClass:
    """A dependency whose constructor does nothing."""


def with_everything(folder: Path) -> FastAPI:
    """An application in which each address uses the pool in one way only."""
    app = FastAPI()
    (folder / "file.txt").write_text("file", encoding="utf-8")
    app.mount("/static", StaticFiles(directory=folder))

    def dependency() -> None: ...

    def before_yield() -> Iterator[None]:
        yield

    def numbers() -> Iterator[str]:
        yield "1"

    @app.get("/path-operation", response_model=None)
    def path_operation() -> None: ...

    @app.get("/dependency", dependencies=[Depends(dependency)])
    async def with_dependency() -> None: ...

    @app.get("/class", dependencies=[Depends(ByClass)])
    async def with_class() -> None: ...

    @app.get("/before-yield", dependencies=[Depends(before_yield)])
    async def with_yield() -> None: ...

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> None:
        tasks.add_task(dependency)

    @app.get("/exception-handler")
    async def failing() -> None:
        raise LookupError

    @app.exception_handler(LookupError)
    def handler(request: Request, error: LookupError) -> JSONResponse:
        return JSONResponse(None)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(numbers())

    @app.get("/yield")
    def stream_items() -> Iterator[str]:
        yield "1"

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(folder / "file.txt")

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    return app


@pytest.mark.parametrize(
    "path",
    [
        "/path-operation",
        "/dependency",
        "/class",
        "/before-yield",
        "/background",
        "/exception-handler",
        "/stream",
        "/yield",
        "/file",
        "/static/file.txt",
    ],
)
def test_each_of_these_waits_when_the_pool_is_full(path: str, tmp_path: Path) -> None:
    async def scenario() -> int:
        async with client_of(with_everything(tmp_path)) as client:
            async with full_pool():
                request = asyncio.create_task(client.get(path))
                await until(lambda: waiting_for_a_thread() == 1)
                assert not request.done()
            return (await request).status_code

    assert asyncio.run(scenario()) == 200


MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(("size", "waits"), [(MEGABYTE, False), (MEGABYTE + 1, True)])
def test_an_upload_needs_a_thread_once_it_is_larger_than_one_megabyte(
    size: int, waits: bool, tmp_path: Path
) -> None:
    async def scenario() -> Any:
        async with client_of(with_everything(tmp_path)) as client:
            async with full_pool():
                file = {"file": b"x" * size}
                request = asyncio.create_task(client.post("/upload", files=file))
                await until(lambda: request.done() or waiting_for_a_thread() == 1)
                assert request.done() is not waits
            return (await request).json()

    assert asyncio.run(scenario()) == size


def test_code_after_yield_runs_in_a_thread_even_when_the_pool_is_full() -> None:
    app = FastAPI()
    after_yield = []

    def dependency() -> Iterator[None]:
        yield
        after_yield.append(threading.current_thread().name)

    @app.get("/", dependencies=[Depends(dependency)])
    async def fill_the_pool() -> None:
        filled.set()
        await answered.wait()

    filled, answered = asyncio.Event(), asyncio.Event()

    async def scenario() -> None:
        async with client_of(app) as client:
            request = asyncio.create_task(client.get("/"))
            await filled.wait()
            async with full_pool():
                answered.set()
                async with asyncio.timeout(PATIENCE):
                    assert (await request).status_code == 200

    asyncio.run(scenario())
    assert after_yield == [WORKER]


@pytest.mark.parametrize("behind_middleware", [False, True])
def test_a_client_that_disconnects_does_not_stop_the_thread_which_can_ask_for_it(
    behind_middleware: bool,
) -> None:
    app = FastAPI()
    if behind_middleware:

        @app.middleware("http")
        async def passes_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    entered, gone, finished = threading.Event(), threading.Event(), threading.Event()
    noticed = []

    @app.get("/", response_model=None)
    def endpoint(request: Request) -> None:
        entered.set()
        assert gone.wait(PATIENCE)
        noticed.append(anyio.from_thread.run(request.is_disconnected))
        finished.set()

    async def after_the_client_left() -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        assert limiter.borrowed_tokens == 1  # nobody waits for it, and it runs on
        gone.set()
        await until(finished.is_set)

    asyncio.run(a_client_leaves(app, entered, after_the_client_left))
    assert noticed == [not behind_middleware]


@pytest.mark.parametrize("cancelled_by", ["asyncio.timeout", "task.cancel"])
def test_the_dependencies_of_a_cancelled_request_close_while_its_endpoint_runs(
    cancelled_by: str,
) -> None:
    app = FastAPI()
    entered, closed, finished = threading.Event(), threading.Event(), threading.Event()

    def dependency() -> Iterator[None]:
        try:
            yield
        finally:
            closed.set()

    @app.get("/", dependencies=[Depends(dependency)])
    def endpoint() -> None:
        entered.set()
        if closed.wait(PATIENCE):
            finished.set()

    async def scenario() -> None:
        async with client_of(app) as client, asyncio.timeout(None) as deadline:
            request = asyncio.current_task()
            assert request
            waiting = asyncio.create_task(until(entered.is_set))
            waiting.add_done_callback(
                lambda _: (
                    deadline.reschedule(0)
                    if cancelled_by == "asyncio.timeout"
                    else request.cancel()  # as Uvicorn does
                )
            )
            await client.get("/")

    with pytest.raises((TimeoutError, asyncio.CancelledError)):
        asyncio.run(scenario())
    assert finished.wait(PATIENCE)


def test_a_def_endpoint_that_yields_ends_with_the_step_that_runs() -> None:
    app = FastAPI()
    entered, gone, ended = threading.Event(), threading.Event(), threading.Event()
    steps: list[int] = []

    @app.get("/")
    def endpoint() -> Iterator[int]:
        for number in range(100_000):
            entered.set()
            assert gone.wait(PATIENCE)
            steps.append(number)
            yield number
        ended.set()

    async def after_the_client_left() -> None:
        gone.set()
        await until(lambda: bool(steps))

    asyncio.run(a_client_leaves(app, entered, after_the_client_left))
    assert steps
    assert not ended.is_set()


async def a_client_leaves(
    app: FastAPI, entered: threading.Event, then: Callable[[], Awaitable[None]]
) -> None:
    """Call ``/``, hang up once ``entered`` is set, and do ``then`` before the server stops."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        _, client = await asyncio.open_connection("127.0.0.1", port)
        client.write(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        await until(entered.is_set)
        client.close()
        await client.wait_closed()
        await until(lambda: not server.server_state.connections)
        await then()
        server.should_exit = True
        await serving

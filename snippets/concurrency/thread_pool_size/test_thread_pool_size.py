import asyncio
import importlib
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import anyio
import anyio.to_thread
import pytest
import uvicorn
from fastapi import BackgroundTasks, Depends, FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, StreamingResponse
from fastapi_cli.cli import app as fastapi_command
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import QueuePool, create_engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from typer.testing import CliRunner

from snippets.concurrency.thread_pool_size import (
    limit_in_lifespan,
    own_limiter,
    wrong_session_without_limit,
    wrong_shared_pool,
)
from snippets.conftest import clients_that_do_not_read

PATIENCE = 30.0  # how long a broken test may take
AT_IMPORT = "snippets.concurrency.thread_pool_size.wrong_limit_at_import"


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something has happened."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.001)


def waiting_for_a_thread() -> int:
    return anyio.to_thread.current_default_thread_limiter().statistics().tasks_waiting


class Gate:
    """Stands in for ``time.sleep``: holds every thread that comes until it is opened."""

    def __init__(self) -> None:
        self.inside = 0
        self.opened = threading.Event()
        self.lock = threading.Lock()

    def sleep(self, seconds: float = 0) -> None:
        with self.lock:
            self.inside += 1
        assert self.opened.wait(PATIENCE)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    for module in limit_in_lifespan, own_limiter, wrong_shared_pool:
        monkeypatch.setattr(module, "time", gate)
    return gate


async def one_request_too_many(gate: Gate, limit: int) -> str:
    """Send one request more than there are threads; return the answer of /threads."""
    async with client_of(limit_in_lifespan.app) as client:
        reports = [asyncio.create_task(client.get("/report")) for _ in range(limit + 1)]
        await until(lambda: gate.inside == limit and waiting_for_a_thread() == 1)
        answer = await client.get("/threads")  # async def: answered all the same
        assert gate.inside == limit
        gate.opened.set()
        assert {(await report).status_code for report in reports} == {200}
    return answer.text


def test_of_41_def_requests_exactly_40_are_inside_and_one_waits(gate: Gate) -> None:
    # The client does not run the lifespan, so this is the default.
    text = asyncio.run(one_request_too_many(gate, 40))
    assert text == '{"total":40,"borrowed":40,"waiting":1}'


def test_with_the_lifespan_100_are_inside_and_one_waits(
    gate: Gate, recorded: Callable[[str, str], None]
) -> None:
    app = limit_in_lifespan.app

    async def scenario() -> str:
        async with app.router.lifespan_context(app):
            return await one_request_too_many(gate, 100)

    recorded("threads.json", asyncio.run(scenario()))


def test_the_limit_can_be_read_on_the_event_loop_only() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter

    async def scenario() -> float:
        with pytest.raises(anyio.NoEventLoopError):
            await anyio.to_thread.run_sync(limiter)
        return limiter().total_tokens

    with pytest.raises(anyio.NoEventLoopError):
        limiter()
    assert asyncio.run(scenario()) == 40


@pytest.mark.parametrize("path", ["/function", "/class", "/file"])
def test_an_async_def_endpoint_waits_if_it_needs_a_thread_too(path: str) -> None:
    app = FastAPI()

    def dependency() -> None: ...

    class Paging: ...

    @app.get("/function", dependencies=[Depends(dependency)])
    @app.get("/class", dependencies=[Depends(Paging)])
    async def endpoint() -> None: ...

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(__file__)

    async def scenario() -> int:
        shared = anyio.to_thread.current_default_thread_limiter()
        holders = [object() for _ in range(40)]
        for holder in holders:
            shared.acquire_on_behalf_of_nowait(holder)
        async with client_of(app) as client:
            answer = asyncio.create_task(client.get(path))
            await until(lambda: waiting_for_a_thread() == 1)
            for holder in holders:
                shared.release_on_behalf_of(holder)
            return (await answer).status_code

    assert asyncio.run(scenario()) == 200


def test_a_higher_limit_lets_the_waiting_request_in_at_once(gate: Gate) -> None:
    async def scenario() -> None:
        async with client_of(limit_in_lifespan.app) as client:
            reports = [asyncio.create_task(client.get("/report")) for _ in range(41)]
            await until(lambda: gate.inside == 40 and waiting_for_a_thread() == 1)
            anyio.to_thread.current_default_thread_limiter().total_tokens = 41
            await until(lambda: gate.inside == 41)
            gate.opened.set()
            await asyncio.gather(*reports)

    asyncio.run(scenario())
    assert gate.inside == 41


def test_with_the_limit_of_100_from_the_lifespan_request_41_does_not_wait(
    gate: Gate,
) -> None:
    app = limit_in_lifespan.app

    async def scenario() -> None:
        async with app.router.lifespan_context(app), client_of(app) as client:
            limiter = anyio.to_thread.current_default_thread_limiter()
            assert limiter.total_tokens == 100
            reports = [asyncio.create_task(client.get("/report")) for _ in range(41)]
            await until(lambda: gate.inside == 41)
            gate.opened.set()
            await asyncio.gather(*reports)

    asyncio.run(scenario())


def test_the_limit_is_no_stock_threads_start_on_demand(gate: Gate) -> None:
    app = limit_in_lifespan.app
    before = set(threading.enumerate())

    async def scenario() -> int:
        async with app.router.lifespan_context(app), client_of(app) as client:
            gate.opened.set()
            assert (await client.get("/report")).status_code == 200
            return len(set(threading.enumerate()) - before)

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize("ended_by", ["asyncio.timeout", "task.cancel"])
def test_a_cancelled_wait_returns_its_token_while_the_thread_goes_on(
    ended_by: str, gate: Gate
) -> None:
    deadlines: list[asyncio.Timeout] = []

    async def call() -> None:
        async with asyncio.timeout(None) as deadline:
            deadlines.append(deadline)
            await run_in_threadpool(gate.sleep)

    async def forty_calls(inside: int) -> None:
        deadlines.clear()
        tasks = [asyncio.create_task(call()) for _ in range(40)]
        await until(lambda: gate.inside == inside)
        for task, deadline in zip(tasks, deadlines, strict=True):
            if ended_by == "task.cancel":
                task.cancel()
            else:
                deadline.reschedule(0)
        await asyncio.wait(tasks)

    async def scenario() -> float:
        await forty_calls(inside=40)
        await forty_calls(inside=80)
        assert not gate.opened.is_set()
        gate.opened.set()
        limiter = anyio.to_thread.current_default_thread_limiter()
        return limiter.borrowed_tokens

    assert asyncio.run(scenario()) == 0
    assert gate.inside == 80


def test_each_event_loop_has_its_own_limit() -> None:
    async def set_limit() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 7

    async def get_limit() -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    asyncio.run(set_limit())
    assert asyncio.run(get_limit()) == 40


@pytest.fixture
def not_imported() -> Iterator[None]:
    sys.modules.pop(AT_IMPORT, None)
    yield
    sys.modules.pop(AT_IMPORT, None)


@pytest.mark.usefixtures("not_imported")
def test_setting_the_limit_at_import_fails_where_no_event_loop_runs() -> None:
    with pytest.raises(
        anyio.NoEventLoopError, match="Not currently running on any asynchronous event"
    ):
        importlib.import_module(AT_IMPORT)


@pytest.mark.since(uvicorn="0.47.0")
@pytest.mark.usefixtures("not_imported")
def test_uvicorn_with_one_process_imports_the_application_before_the_loop_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(server: uvicorn.Server) -> None:
        pytest.fail("the loop starts first")

    monkeypatch.setattr(uvicorn.Server, "run", run)
    with pytest.raises(anyio.NoEventLoopError):
        uvicorn.run(f"{AT_IMPORT}:app", port=0, log_config=None)


def test_fastapi_run_and_dev_import_the_application_before_any_event_loop_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "")  # `fastapi dev` sets it

    def run(app: str, **options: Any) -> None:
        pytest.fail("the server starts first")

    monkeypatch.setattr(uvicorn, "run", run)
    monkeypatch.setattr(sys, "path", [*sys.path])
    file = Path(__file__).with_name("wrong_limit_at_import.py")
    for command in ("run", "dev"):
        result = CliRunner().invoke(fastapi_command, [command, str(file)])
        assert isinstance(result.exception, anyio.NoEventLoopError)


@pytest.mark.usefixtures("not_imported")
def test_worker_and_reload_processes_import_it_inside_the_loop_where_it_works() -> None:
    # With --workers or --reload the child process runs Server.run() on an unloaded configuration.
    config = uvicorn.Config(f"{AT_IMPORT}:app", log_config=None)
    server = uvicorn.Server(config)
    server.should_exit = True  # stop after startup

    async def scenario() -> float:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await server.serve(sockets=[listener])
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    assert asyncio.run(scenario()) == 100


def test_forty_slow_calls_hold_up_every_other_def_endpoint(gate: Gate) -> None:
    async def scenario() -> None:
        async with client_of(wrong_shared_pool.app) as client:
            slow = [asyncio.create_task(client.get("/report")) for _ in range(40)]
            await until(lambda: gate.inside == 40)
            orders = asyncio.create_task(client.get("/orders"))
            await until(lambda: waiting_for_a_thread() == 1)
            assert not orders.done()
            gate.opened.set()
            await asyncio.gather(orders, *slow)

    asyncio.run(scenario())


def test_an_own_limiter_bounds_the_slow_call_and_leaves_the_pool_alone(
    gate: Gate,
) -> None:
    async def scenario() -> None:
        async with client_of(own_limiter.app) as client:
            slow = [asyncio.create_task(client.get("/report")) for _ in range(40)]
            limiter = own_limiter.partner_threads
            await until(lambda: sum(report.done() for report in slow) == 15)
            await until(lambda: limiter.statistics().tasks_waiting == 20)
            await until(lambda: gate.inside == 5)
            shared = anyio.to_thread.current_default_thread_limiter()
            assert shared.borrowed_tokens == 0
            assert (await client.get("/orders")).json() == ["tea"]
            assert gate.inside == 5
            gate.opened.set()
            codes = [(await report).status_code for report in slow]
            assert (codes.count(200), codes.count(503)) == (25, 15)

    asyncio.run(scenario())


def test_a_limiter_made_without_an_event_loop_works_in_each_loop() -> None:
    limiter = anyio.CapacityLimiter(1)

    async def use() -> int:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(anyio.to_thread.run_sync(int, limiter=limiter))
                for _ in range(3)
            ]
        return len(tasks)

    assert [asyncio.run(use()), asyncio.run(use())] == [3, 3]


def test_run_in_threadpool_takes_no_limiter() -> None:
    def call() -> None: ...

    async def scenario() -> None:
        await run_in_threadpool(call, limiter=anyio.CapacityLimiter(1))  # type: ignore[call-arg]

    with pytest.raises(TypeError, match="unexpected keyword argument 'limiter'"):
        asyncio.run(scenario())


def test_asyncio_to_thread_and_run_in_executor_use_another_pool() -> None:
    def name() -> str:
        return threading.current_thread().name

    async def scenario() -> list[str]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        holders = [object() for _ in range(40)]
        for holder in holders:
            limiter.acquire_on_behalf_of_nowait(holder)
        loop = asyncio.get_running_loop()
        return [await asyncio.to_thread(name), await loop.run_in_executor(None, name)]

    assert {thread.partition("_")[0] for thread in asyncio.run(scenario())} == {
        "asyncio"
    }


def test_asyncios_pool_has_four_threads_more_than_cpus_and_32_at_most() -> None:
    async def scenario() -> int:
        await asyncio.to_thread(int)
        executor = vars(asyncio.get_running_loop())["_default_executor"]
        return int(vars(executor)["_max_workers"])

    cpus = getattr(os, "process_cpu_count", os.cpu_count)() or 1
    assert asyncio.run(scenario()) == min(32, cpus + 4)


def test_set_default_executor_does_not_change_the_limit_for_def(gate: Gate) -> None:
    async def scenario() -> None:
        with ThreadPoolExecutor(max_workers=1) as executor:
            asyncio.get_running_loop().set_default_executor(executor)
            async with client_of(limit_in_lifespan.app) as client:
                reports = [asyncio.create_task(client.get("/report")) for _ in "ab"]
                await until(lambda: gate.inside == 2)
                gate.opened.set()
                await asyncio.gather(*reports)

    asyncio.run(scenario())
    assert gate.inside == 2


class CountingPool(QueuePool):
    """SQLAlchemy's default pool; it counts the threads that ask, and the connections given."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lock, self.asking, self.given = threading.Lock(), 0, 0

    def _do_get(self) -> Any:
        with self.lock:
            self.asking += 1
        got = 0
        try:
            connection = super()._do_get()
            got = 1
        finally:
            with self.lock:
                self.asking -= 1
                self.given += got
        return connection


def use_counting_pool(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, pool_timeout: float
) -> CountingPool:
    engine = create_engine(
        "sqlite://",
        poolclass=CountingPool,
        connect_args={"check_same_thread": False},
        pool_timeout=pool_timeout,
    )
    monkeypatch.setattr(module, "engine", engine)
    assert isinstance(engine.pool, CountingPool)
    return engine.pool


def hold_new_sessions(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> Gate:
    """Hold each request in its dependency until the gate opens."""
    gate, session = Gate(), module.Session

    def open_session(engine: Any) -> Any:
        gate.sleep()
        return session(engine)

    monkeypatch.setattr(module, "Session", open_session)
    return gate


async def lock_up(
    app: FastAPI, pool: CountingPool, gate: Gate, threads: int
) -> tuple[int, int, set[int]]:
    """Send as many requests as there are threads and connections.

    Return the connections in use and the requests answered when nothing moves any more, and
    the status of the answers after more threads were allowed.
    """
    connections = 15
    requests = threads + connections
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = requests + 1
    limiter.acquire_on_behalf_of_nowait("the test")
    async with client_of(app) as client:
        answers = [asyncio.create_task(client.get("/orders")) for _ in range(requests)]
        await until(lambda: gate.inside == requests)  # each has a session …
        limiter.total_tokens = 1
        gate.opened.set()
        await until(lambda: waiting_for_a_thread() == requests)  # … and queues
        limiter.total_tokens = 1 + threads
        # Every thread wants a connection, and who has one wants a thread. Before that, all
        # threads may ask at once while no connection is given yet.
        await until(
            lambda: (
                pool.given == connections
                and pool.asking == threads
                and waiting_for_a_thread() == connections
            )
        )
        in_use = pool.checkedout()
        answered = sum(answer.done() for answer in answers)
        limiter.total_tokens += connections
        return in_use, answered, {(await answer).status_code for answer in answers}


@pytest.mark.parametrize("threads", [40, 15])
def test_requests_with_a_connection_wait_for_threads_that_wait_for_a_connection(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    module = wrong_session_without_limit
    pool = use_counting_pool(monkeypatch, module, pool_timeout=PATIENCE)
    gate = hold_new_sessions(monkeypatch, module)
    assert asyncio.run(lock_up(module.app, pool, gate, threads)) == (15, 0, {200})
    pool.dispose()


def test_they_wait_without_a_return_type_too_if_a_dependency_has_queried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = wrong_session_without_limit
    pool = use_counting_pool(monkeypatch, module, pool_timeout=PATIENCE)
    gate = hold_new_sessions(monkeypatch, module)
    app = FastAPI()

    def get_user(session: wrong_session_without_limit.SessionDep) -> str:
        return str(session.scalar(text("SELECT 'ann'")))

    @app.get("/orders", response_model=None)
    def orders(user: Annotated[str, Depends(get_user)]) -> list[str]:
        return [user]

    assert asyncio.run(lock_up(app, pool, gate, threads=40)) == (15, 0, {200})
    pool.dispose()


def test_the_15_connections_of_a_default_engine_run_out_with_this_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = wrong_session_without_limit
    pool = use_counting_pool(monkeypatch, module, pool_timeout=0)
    connections = [pool.connect() for _ in range(15)]

    async def scenario() -> None:
        transport = ASGITransport(module.app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get("/orders")

    with pytest.raises(
        PoolTimeout, match="QueuePool limit of size 5 overflow 10 reached"
    ):
        asyncio.run(scenario())
    for connection in connections:
        connection.close()
    pool.dispose()


def test_the_default_engine_waits_30_seconds_for_a_connection() -> None:
    pool = wrong_session_without_limit.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.timeout() == 30


@pytest.mark.since(fastapi="0.163.0")
def test_with_max_concurrency_requests_wait_for_a_session_without_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from snippets.concurrency.thread_pool_size import session_with_limit as module

    pool = use_counting_pool(
        monkeypatch, module, pool_timeout=0
    )  # an error, if one has to wait
    gate = hold_new_sessions(monkeypatch, module)

    async def scenario() -> list[int]:
        async with client_of(module.app) as client:
            answers = [asyncio.create_task(client.get("/orders")) for _ in range(55)]
            await until(lambda: gate.inside == 15)
            limiter = anyio.to_thread.current_default_thread_limiter()
            assert limiter.borrowed_tokens == 15
            assert limiter.statistics().tasks_waiting == 0
            gate.opened.set()
            return [(await answer).status_code for answer in answers]

    assert asyncio.run(scenario()) == [200] * 55
    pool.dispose()


@pytest.mark.since(fastapi="0.163.0")
def test_clients_that_do_not_read_hold_no_session() -> None:
    from snippets.concurrency.thread_pool_size import session_with_limit as module

    async def scenario() -> int:
        async with (
            clients_that_do_not_read(module.app, "/orders", 15),
            client_of(module.app) as client,
            asyncio.timeout(PATIENCE),
        ):
            return (await client.get("/orders")).status_code

    assert asyncio.run(scenario()) == 200


@pytest.mark.since(fastapi="0.163.0")
@pytest.mark.parametrize("path", ["/stream", "/background"])
def test_a_closed_session_takes_a_connection_past_the_limit(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snippets.concurrency.thread_pool_size import session_with_limit as module

    pool = use_counting_pool(monkeypatch, module, pool_timeout=0)
    app = FastAPI()
    sessions = []

    def read(session: module.SessionDep) -> Iterator[str]:
        sessions.append(session)  # or the garbage collector may close it
        yield from session.scalars(text("SELECT 'tea'"))

    @app.get("/stream")
    def stream(session: module.SessionDep) -> StreamingResponse:
        return StreamingResponse(read(session))

    @app.get("/background")
    def background(session: module.SessionDep, tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: list(read(session)))

    async def scenario() -> int:
        async with client_of(app) as client:
            for _ in range(3):
                assert (await client.get(path)).status_code == 200
        return pool.checkedout()

    assert asyncio.run(scenario()) == 3
    for session in sessions:
        session.close()
    pool.dispose()


@pytest.mark.since(fastapi="0.163.0")
@pytest.mark.parametrize("scope", ["function", "request"])
def test_a_websocket_holds_its_place_as_long_as_the_connection_lasts_in_both_scopes(
    scope: Literal["function", "request"],
) -> None:
    app = FastAPI()
    log: list[str] = []

    async def session() -> AsyncIterator[None]:
        log.append("opened")
        yield
        log.append("closed")

    async def arrives() -> None:
        log.append("arrived")

    place = Depends(session, scope=scope, max_concurrency=1)

    @app.websocket("/ws", dependencies=[place])
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        assert (await websocket.receive())["type"] == "websocket.disconnect"

    @app.get("/", dependencies=[Depends(arrives), place])
    async def read() -> None: ...

    async def scenario() -> None:
        received: asyncio.Queue[Any] = asyncio.Queue()
        received.put_nowait({"type": "websocket.connect"})
        accepted = asyncio.Event()

        async def send(message: Any) -> None:
            accepted.set()

        one: dict[str, Any] = {"type": "websocket", "path": "/ws"}
        one |= {"query_string": b"", "headers": []}
        connection = asyncio.create_task(app(one, received.get, send))
        await accepted.wait()
        async with client_of(app) as client, asyncio.timeout(PATIENCE):
            answer = asyncio.create_task(client.get("/"))
            await until(lambda: "arrived" in log)
            for _ in range(100):  # time enough to open it, if there were a place
                await asyncio.sleep(0)
            assert log == ["opened", "arrived"]
            received.put_nowait({"type": "websocket.disconnect", "code": 1000})
            await connection
            assert (await answer).status_code == 200

    asyncio.run(scenario())
    assert log == ["opened", "arrived", "closed", "opened", "closed"]


async def two_requests(app: FastAPI, *paths: str) -> list[int]:
    async with client_of(app) as client:
        async with asyncio.timeout(PATIENCE):
            answers = await asyncio.gather(*[client.get(path) for path in paths])
    return [answer.status_code for answer in answers]


@pytest.mark.since(fastapi="0.163.0")
def test_max_concurrency_without_yield_does_not_limit_the_endpoint() -> None:
    app = FastAPI()
    barrier = threading.Barrier(2, timeout=PATIENCE)

    def dependency() -> None: ...

    @app.get("/", dependencies=[Depends(dependency, max_concurrency=1)])
    def endpoint() -> None:
        barrier.wait()

    assert asyncio.run(two_requests(app, "/", "/")) == [200, 200]


@pytest.mark.since(fastapi="0.163.0")
def test_max_concurrency_with_yield_lasts_until_background_tasks_are_done() -> None:
    app = FastAPI()
    events = []

    def dependency() -> Iterator[None]:
        events.append("before yield")
        yield
        events.append("after yield")

    def task() -> None:
        events.append("background task")

    @app.get("/", dependencies=[Depends(dependency, max_concurrency=1)])
    def endpoint(tasks: BackgroundTasks) -> None:
        tasks.add_task(task)

    assert asyncio.run(two_requests(app, "/", "/")) == [200, 200]
    assert events == ["before yield", "background task", "after yield"] * 2


@pytest.mark.since(fastapi="0.163.0")
def test_one_depends_object_shares_its_limit_between_routes() -> None:
    app = FastAPI()
    events = []

    def dependency() -> Iterator[None]:
        events.append("before yield")
        yield
        events.append("after yield")

    Shared = Annotated[None, Depends(dependency, max_concurrency=1)]

    @app.get("/a")
    def endpoint_a(shared: Shared) -> None: ...

    @app.get("/b")
    def endpoint_b(shared: Shared) -> None: ...

    assert asyncio.run(two_requests(app, "/a", "/b")) == [200, 200]
    assert events == ["before yield", "after yield"] * 2


@pytest.mark.since(fastapi="0.163.0")
def test_each_depends_object_has_a_limit_of_its_own() -> None:
    app = FastAPI()
    barrier = threading.Barrier(2, timeout=PATIENCE)

    def dependency() -> Iterator[None]:
        barrier.wait()
        yield

    @app.get("/a", dependencies=[Depends(dependency, max_concurrency=1)])
    def endpoint_a() -> None: ...

    @app.get("/b", dependencies=[Depends(dependency, max_concurrency=1)])
    def endpoint_b() -> None: ...

    assert asyncio.run(two_requests(app, "/a", "/b")) == [200, 200]


@pytest.mark.parametrize(
    ("limit", "idle", "status"), [(1, 0, 503), (2, 0, 200), (2, 1, 503)]
)
def test_limit_concurrency_answers_503_from_the_nth_open_connection_idle_or_not(
    limit: int, idle: int, status: int, gate: Gate
) -> None:
    async def scenario() -> bytes:
        config = uvicorn.Config(
            limit_in_lifespan.app, limit_concurrency=limit, log_config=None
        )
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await until(lambda: server.started)
            writers = []
            for _ in range(idle + 1):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writers.append(writer)
            await until(lambda: len(server.server_state.connections) == idle + 1)
            writer.write(b"GET /threads HTTP/1.1\r\nHost: test\r\n\r\n")
            first_line = await reader.readline()
            for writer in writers:
                writer.close()
                await writer.wait_closed()
            server.should_exit = True
            await serving
        return first_line

    assert asyncio.run(scenario()).split()[1] == str(status).encode()

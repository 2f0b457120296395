import asyncio
import contextlib
import importlib.util
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Annotated, Any

import anyio.lowlevel
import anyio.to_thread
import pytest
import uvicorn
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import AfterValidator

from snippets.concurrency.asynchronous_programming import (
    interleaved_requests,
    reserve_before_await,
    wrong_check_then_await,
)

# How long right code may take on a busy machine before a test gives up.
PATIENCE = 30.0


def run(app: FastAPI, steps: Callable[[AsyncClient], Awaitable[Any]]) -> Any:
    """Run ``steps`` with a client of ``app``, all in one event loop."""

    async def main() -> Any:
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with (
            asyncio.timeout(PATIENCE),
            AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            return await steps(client)

    return asyncio.run(main())


async def until(condition: Callable[[], object]) -> None:
    """Let the other tasks run until ``condition`` holds."""
    while not condition():
        await anyio.lowlevel.checkpoint()


def together(*paths: str) -> Callable[[AsyncClient], Awaitable[list[Response]]]:
    async def steps(client: AsyncClient) -> list[Response]:
        return list(await asyncio.gather(*(client.get(path) for path in paths)))

    return steps


@pytest.fixture
def together_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the stand-in for a wait end when both requests wait, not after a second."""
    both_wait = asyncio.Event()
    waiting = []

    async def sleep(seconds: float) -> None:
        waiting.append(seconds)
        if len(waiting) == 2:
            asyncio.get_running_loop().call_soon(both_wait.set)
        await both_wait.wait()

    fake = type("asyncio", (), {"sleep": staticmethod(sleep)})
    monkeypatch.setattr(interleaved_requests, "asyncio", fake)


@pytest.mark.usefixtures("together_in_time")
def test_requests_that_wait_are_interleaved_and_requests_that_compute_are_not(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    shown = []
    for path in ("wait", "compute"):
        a, b = run(interleaved_requests.app, together(f"/{path}/a", f"/{path}/b"))
        printed = capsys.readouterr().out
        shown += [f"GET /{path}/a and GET /{path}/b:", printed + a.text, b.text, ""]
    recorded("events.txt", "\n".join(shown))


@pytest.mark.usefixtures("together_in_time")
@pytest.mark.parametrize("path", ["wait", "compute"])
def test_all_async_def_requests_run_in_one_thread(path: str) -> None:
    answers = run(interleaved_requests.app, together(f"/{path}/a", f"/{path}/b"))
    threads = {answer.json()["thread"] for answer in answers}
    assert threads == {threading.current_thread().name}


def test_computing_in_async_def_is_neither_interleaved_nor_parallel(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ["a", "b", "c", "d"]
    run(interleaved_requests.app, together(*(f"/compute/{name}" for name in names)))
    events = capsys.readouterr().out.splitlines()
    assert len(events) == 8
    for start, end in zip(events[::2], events[1::2], strict=True):
        assert start.replace("starts", "ends") == end


def test_a_worker_has_one_event_loop_thread_and_up_to_40_worker_threads() -> None:
    async def limit(client: AsyncClient) -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    assert run(interleaved_requests.app, limit) == 40


# --- What FastAPI awaits, and what it runs in threads


def threads_of(asynchronous: bool) -> dict[str, str]:
    """Return where each kind of function of an application runs: ``loop`` or ``thread``."""
    app = FastAPI()
    seen: dict[str, str] = {}

    def note(name: str) -> None:
        on_loop = threading.current_thread() is threading.main_thread()
        seen[name] = "loop" if on_loop else "thread"

    def check(value: str) -> str:
        note("validation")
        return value

    Checked = Annotated[str, AfterValidator(check)]

    if asynchronous:

        async def task() -> None:
            note("background task")

        async def dependency() -> None:
            note("dependency")

        @app.get("/{item}", dependencies=[Depends(dependency)])
        async def endpoint(item: Checked, tasks: BackgroundTasks) -> None:
            note("path operation")
            tasks.add_task(task)

        @app.get("/error/now")
        async def error() -> None:
            raise LookupError

        @app.exception_handler(LookupError)
        async def handler(request: Request, error: LookupError) -> JSONResponse:
            note("exception handler")
            return JSONResponse({}, 404)
    else:

        def def_task() -> None:
            note("background task")

        def def_dependency() -> None:
            note("dependency")

        @app.get("/{item}", dependencies=[Depends(def_dependency)])
        def def_endpoint(item: Checked, tasks: BackgroundTasks) -> None:
            note("path operation")
            tasks.add_task(def_task)

        @app.get("/error/now")
        def def_error() -> None:
            raise LookupError

        @app.exception_handler(LookupError)
        def def_handler(request: Request, error: LookupError) -> JSONResponse:
            note("exception handler")
            return JSONResponse({}, 404)

    run(app, together("/item", "/error/now"))
    return seen


KINDS = {"path operation", "dependency", "background task", "exception handler"}


def test_fastapi_awaits_async_def_functions_on_the_event_loop() -> None:
    assert threads_of(asynchronous=True) == dict.fromkeys(
        {*KINDS, "validation"}, "loop"
    )


def test_fastapi_runs_def_functions_in_threads_and_validates_on_the_event_loop() -> (
    None
):
    assert threads_of(asynchronous=False) == dict.fromkeys(KINDS, "thread") | {
        "validation": "loop"
    }


def test_uvicorn_takes_uvloop_where_it_is_installed_and_asyncio_otherwise() -> None:
    def loop_of(name: Any) -> str:
        factory = uvicorn.Config(interleaved_requests.app, loop=name).get_loop_factory()
        assert factory is not None
        loop = factory()
        loop.close()
        assert isinstance(loop, asyncio.AbstractEventLoop)
        return type(loop).__module__.split(".")[0]

    installed = importlib.util.find_spec("uvloop") is not None
    assert loop_of("auto") == ("uvloop" if installed else "asyncio")
    assert loop_of("asyncio") == "asyncio"


# --- State across an await


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return ``book(module)``: two requests for the last seat, and what they left."""

    def book_twice(module: ModuleType) -> tuple[list[int], int, int]:
        seats = {"free": 1}
        charging = 0

        async def steps(client: AsyncClient) -> list[int]:
            paid = asyncio.Event()

            async def charge_customer() -> None:
                nonlocal charging
                charging += 1
                await paid.wait()

            monkeypatch.setattr(module, "seats", seats)
            monkeypatch.setattr(module, "charge_customer", charge_customer)
            first = asyncio.create_task(client.post("/seats"))
            await until(lambda: charging == 1)
            second = asyncio.create_task(client.post("/seats"))
            await until(lambda: charging == 2 or second.done())
            paid.set()
            return [(await first).status_code, (await second).status_code]

        return run(module.app, steps), charging, seats["free"]

    return book_twice


def test_state_read_before_an_await_may_be_stale_after_it(book: Any) -> None:
    assert book(wrong_check_then_await) == ([200, 200], 2, -1)


def test_state_changed_before_the_await_is_seen_by_the_other_request(book: Any) -> None:
    assert book(reserve_before_await) == ([200, 409], 1, 0)


def test_an_asyncio_lock_holds_check_and_change_together_across_an_await() -> None:
    app = FastAPI()
    free = 1
    lock = asyncio.Lock()
    counted = []
    paid = asyncio.Event()

    async def count_seats() -> int:
        await asyncio.sleep(0)
        counted.append(free)
        return free

    @app.post("/seats")
    async def book_seat() -> None:
        nonlocal free
        async with lock:
            if await count_seats() == 0:
                raise HTTPException(409, "Sold out")
            await paid.wait()
            free -= 1

    async def steps(client: AsyncClient) -> list[int]:
        requests = [asyncio.create_task(client.post("/seats")) for _ in range(2)]
        await until(lambda: counted)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert counted == [1]  # the second request waits for the lock
        paid.set()
        return [(await request).status_code for request in requests]

    assert run(app, steps) == [200, 409]
    assert counted == [1, 0]


def test_an_await_under_a_lock_for_threads_stops_the_event_loop() -> None:
    app = FastAPI()
    lock = threading.Lock()
    second_asks, done = threading.Event(), threading.Event()
    turns = 0

    @app.post("/seats")
    async def book_seat() -> None:
        if lock.locked():
            second_asks.set()
        with lock:
            await asyncio.sleep(0)  # the second request begins here

    async def steps(client: AsyncClient) -> None:
        async def other_task() -> None:
            nonlocal turns
            while not done.is_set():
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(other_task())
        await asyncio.gather(*(client.post("/seats") for _ in range(2)))
        done.set()
        await other

    loop = threading.Thread(target=run, args=(app, steps))
    loop.start()
    try:
        assert second_asks.wait(PATIENCE)
        assert not done.wait(0.2)
        before = turns
        assert not done.wait(0.5)
        assert turns == before > 0
    finally:
        lock.release()  # no code of the application can do that any more
        loop.join(PATIENCE)
    assert done.is_set()


def test_a_thread_of_a_def_endpoint_can_change_state_between_two_awaits() -> None:
    app = FastAPI()
    state = {"free": 1}
    entered, read, changed = (threading.Event() for _ in range(3))

    @app.get("/async-def")
    async def reads_twice() -> list[int]:
        first = state["free"]
        read.set()
        assert changed.wait(PATIENCE)  # awaits nothing
        return [first, state["free"]]

    @app.get("/def")
    def changes() -> None:
        entered.set()
        assert read.wait(PATIENCE)
        state["free"] = 0
        changed.set()

    async def steps(client: AsyncClient) -> Any:
        changing = asyncio.create_task(client.get("/def"))
        await until(entered.is_set)
        answer = await client.get("/async-def")
        await changing
        return answer.json()

    assert run(app, steps) == [1, 0]


def test_an_update_with_a_condition_changes_no_row_when_nothing_is_left() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE shows (id INTEGER, free INTEGER)")
        database.execute("INSERT INTO shows VALUES (7, 1), (8, 5)")
        statement = "UPDATE shows SET free = free - 1 WHERE id = 7 AND free > 0"
        changed = [database.execute(statement).rowcount for _ in range(2)]
        assert changed == [1, 0]
        assert database.execute("SELECT free FROM shows").fetchall() == [(0,), (5,)]


@pytest.mark.parametrize(
    ("outcome", "raised", "free"),
    [
        (reserve_before_await.PaymentRefused, HTTPException, 1),
        (TimeoutError, TimeoutError, 0),
        (ConnectionError, ConnectionError, 0),
        (asyncio.CancelledError, asyncio.CancelledError, 0),
    ],
)
def test_the_seat_is_given_back_only_when_the_payment_was_refused(
    monkeypatch: pytest.MonkeyPatch,
    outcome: type[BaseException],
    raised: type[BaseException],
    free: int,
) -> None:
    seats = {"free": 1}

    async def charge_customer() -> None:
        raise outcome

    monkeypatch.setattr(reserve_before_await, "seats", seats)
    monkeypatch.setattr(reserve_before_await, "charge_customer", charge_customer)
    with pytest.raises(raised):
        asyncio.run(reserve_before_await.book_seat())
    assert seats == {"free": free}

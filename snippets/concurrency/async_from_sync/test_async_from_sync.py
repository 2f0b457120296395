import asyncio
import gc
import importlib
import re
import sys
import threading
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from queue import Queue
from types import SimpleNamespace
from typing import Annotated, Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from anyio import NoEventLoopError
from anyio.lowlevel import EventLoopToken, current_token
from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from snippets.concurrency.async_from_sync import (
    awaited,
    both_ways,
    from_worker_thread,
    own_thread,
    to_thread,
    wrong_loop_in_async_def,
    wrong_new_loop_in_def,
)

# How long right code may take on a busy machine before a test gives up.
PATIENCE = 30.0
# How long a test waits for something that must not happen.
BRIEFLY = 0.1

Call = Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]]
ANYIO: list[Call] = [run_in_threadpool, anyio.to_thread.run_sync]
ALL: list[Call] = [*ANYIO, asyncio.to_thread]
request_id = ContextVar("request_id", default="unset")


async def server_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_each_kind_of_endpoint_calls_the_other_kind_of_function(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    async def sleep(seconds: float) -> None:
        """Take no time."""

    def block(seconds: float) -> None:
        assert threading.current_thread().name == "AnyIO worker thread"

    monkeypatch.setattr(both_ways, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(both_ways, "time", SimpleNamespace(sleep=block))
    client = TestClient(both_ways.app)
    lines = []
    for path in ("/report", "/order"):
        answer = client.get(path)
        lines.append(f"GET {path}\n{answer.status_code} {answer.text}\n")
    recorded("answers.txt", "\n".join(lines))


# From async def to def: three functions


def test_the_three_functions_run_a_function_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = []

    def render(number: int, *, style: str) -> str:
        threads.append(threading.current_thread().name)
        return f"{style} {number}"

    monkeypatch.setattr(to_thread, "render", render)
    reports = TestClient(to_thread.app).get("/reports").json()
    assert reports == ["short 1", "short 2", "short 3"]
    assert threads[:2] == ["AnyIO worker thread"] * 2
    assert threads[2].startswith("asyncio_")


def test_anyio_takes_positional_arguments_only() -> None:
    def render(*, style: str) -> str:
        return style

    async def main() -> None:
        assert await run_in_threadpool(render, style="short") == "short"
        assert await asyncio.to_thread(render, style="short") == "short"
        with pytest.raises(TypeError, match="style"):
            await anyio.to_thread.run_sync(render, style="short")  # type: ignore[arg-type, call-arg]

    asyncio.run(main())


def test_only_asyncio_to_thread_is_outside_of_anyios_limit() -> None:
    async def main() -> list[int]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        return [await call(lambda: limiter.borrowed_tokens) for call in ALL]

    assert asyncio.run(main()) == [1, 1, 0]


def test_a_limiter_of_ones_own_takes_no_token_of_the_shared_one() -> None:
    async def main() -> tuple[float, int, int]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        own = anyio.CapacityLimiter(2)
        return (
            limiter.total_tokens,
            *await anyio.to_thread.run_sync(
                lambda: (limiter.borrowed_tokens, own.borrowed_tokens), limiter=own
            ),
        )

    assert asyncio.run(main()) == (40, 0, 1)


@pytest.mark.parametrize("call", ALL)
def test_the_thread_sees_context_variables_and_its_changes_stay_there(
    call: Call,
) -> None:
    def change() -> str:
        seen = request_id.get()
        request_id.set("changed")
        return seen

    async def main() -> tuple[str, str]:
        request_id.set("request 1")
        return await call(change), request_id.get()

    assert asyncio.run(main()) == ("request 1", "request 1")


def test_run_in_executor_does_not_copy_context_variables() -> None:
    async def main() -> str:
        request_id.set("request 1")
        return await asyncio.get_running_loop().run_in_executor(None, request_id.get)

    assert asyncio.run(main()) == "unset"


@pytest.mark.parametrize("call", ALL)
def test_cancelling_the_wait_does_not_end_the_thread(call: Call) -> None:
    started = threading.Event()
    release = threading.Event()
    ended = threading.Event()

    def block() -> None:
        started.set()
        release.wait(PATIENCE)
        ended.set()

    async def main() -> None:
        waiting = asyncio.create_task(call(block))
        assert await asyncio.to_thread(started.wait, PATIENCE)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not ended.is_set()
        release.set()
        assert await asyncio.to_thread(ended.wait, PATIENCE)

    asyncio.run(main())


async def is_over_while_the_thread_runs(call: Call) -> bool:
    """Cancel the AnyIO scope of a call, and return whether the wait ended before the thread."""
    started = threading.Event()
    release = threading.Event()
    scope = anyio.CancelScope()

    def block() -> None:
        started.set()
        release.wait(PATIENCE)

    async def wait() -> None:
        with scope:
            await call(block)

    waiting = asyncio.create_task(wait())
    assert await asyncio.to_thread(started.wait, PATIENCE)
    scope.cancel()
    for _ in range(20):  # turns of the loop, more than a cancellation needs
        await asyncio.sleep(0)
    over = waiting.done()
    release.set()
    await waiting
    return over


def test_a_cancelled_anyio_scope_waits_for_the_thread_of_anyio() -> None:
    async def abandoning(function: Callable[[], Any]) -> None:
        await anyio.to_thread.run_sync(function, abandon_on_cancel=True)

    over = {
        call: asyncio.run(is_over_while_the_thread_runs(call))
        for call in (*ALL, abandoning)
    }
    assert list(over.values()) == [False, False, True, True]


# From def to async def: the loop that runs already


def error_of(client: TestClient, path: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        client.get(path)
    text = re.sub("0x[0-9a-f]+", "0x…", str(caught.value))
    return "RuntimeError: " + re.sub(
        "<Task pending .*?> (?=got|attached)", "<Task …> ", text
    )


def errors() -> str:
    client = TestClient(wrong_loop_in_async_def.app)
    lines = [
        "asyncio.run() in async def",
        error_of(client, "/price"),
        "",
        "loop.run_until_complete() in async def",
        error_of(client, "/price-by-loop"),
        "",
    ]
    with TestClient(wrong_new_loop_in_def.app) as client:
        lines += [
            "asyncio.run() in def: the Event has a waiter on the server's loop",
            error_of(client, "/download"),
            "",
            "asyncio.run() in def: the Task belongs to the server's loop",
            error_of(client, "/model"),
        ]
    gc.collect()
    return "\n".join(lines)


def test_the_errors_are_the_recorded_ones_and_a_coroutine_is_never_awaited(
    recorded: Any,
) -> None:
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        text = errors()
    recorded("errors.txt", text)


def test_await_is_the_way_in_async_def() -> None:
    assert TestClient(awaited.app).get("/price").json() == 9.5


@pytest.mark.needs(sys.platform != "win32", "uvloop")
def test_uvloop_says_it_in_lower_case() -> None:
    uvloop = importlib.import_module("uvloop")

    async def main() -> None:
        coroutine = server_loop()
        with pytest.raises(RuntimeError, match="this event loop is already running"):
            asyncio.get_running_loop().run_until_complete(coroutine)
        coroutine.close()

    uvloop.run(main())


def test_a_worker_thread_has_no_event_loop_of_its_own() -> None:
    app = FastAPI()

    @app.get("/")
    def endpoint() -> None:
        asyncio.get_event_loop()

    with pytest.raises(RuntimeError, match="There is no current event loop in thread"):
        TestClient(app).get("/")


def test_the_loop_kept_from_the_lifespan_cannot_be_run_from_a_thread_either() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        coroutine = server_loop()
        with pytest.raises(RuntimeError, match="This event loop is already running"):
            await run_in_threadpool(loop.run_until_complete, coroutine)
        coroutine.close()

    asyncio.run(main())


def test_asyncio_run_in_def_makes_a_new_loop_for_each_call() -> None:
    app = FastAPI()
    loops: list[asyncio.AbstractEventLoop] = []

    @app.get("/def")
    def in_def() -> None:
        loops.append(asyncio.run(server_loop()))

    @app.get("/async-def")
    async def in_async_def() -> None:
        loops.append(await server_loop())

    with TestClient(app) as client:
        for path in ("/async-def", "/def", "/def"):
            client.get(path)
    assert len({id(loop) for loop in loops}) == 3


def test_asyncio_run_in_def_works_as_long_as_nothing_has_to_wait() -> None:
    with TestClient(wrong_new_loop_in_def.app) as client:
        assert client.portal is not None
        client.portal.call(wrong_new_loop_in_def.app.state.downloaded.set)
        client.portal.call(wrong_new_loop_in_def.wait_for_model)
        assert client.get("/download").json() == "downloaded"
        assert client.get("/model").json() == "model"


def test_a_lock_binds_itself_to_a_loop_only_when_somebody_has_to_wait() -> None:
    lock = asyncio.Lock()

    async def use() -> None:
        async with lock:
            await asyncio.sleep(0)

    async def contend() -> None:
        await asyncio.gather(use(), use())

    asyncio.run(use())
    asyncio.run(use())
    asyncio.run(contend())
    asyncio.run(use())
    with pytest.raises(RuntimeError, match="is bound to a different event loop"):
        asyncio.run(contend())


def test_a_stream_waits_on_the_loop_that_opened_it() -> None:
    async def open_stream() -> asyncio.StreamReader:
        return asyncio.StreamReader()

    stream = asyncio.run(open_stream())
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        asyncio.run(stream.readline())


def test_from_thread_run_waits_on_the_servers_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wait_for_model = from_worker_thread.wait_for_model

    async def main() -> None:
        waiting, downloaded = asyncio.Event(), asyncio.Event()

        async def load_model() -> str:
            await downloaded.wait()
            return "model"

        monkeypatch.setattr(from_worker_thread, "load_model", load_model)

        async def wait() -> str:
            waiting.set()
            assert asyncio.get_running_loop() is loop
            return await wait_for_model()

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(from_worker_thread, "wait_for_model", wait)
        app = from_worker_thread.app
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
        ):
            request = asyncio.create_task(client.get("/model"))
            await waiting.wait()
            downloaded.set()
            assert (await request).json() == "model"

    asyncio.run(main())


def test_a_request_that_is_cancelled_leaves_the_shared_task_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wait_for_model = from_worker_thread.wait_for_model

    async def main() -> None:
        waiting, downloaded = asyncio.Event(), asyncio.Event()

        async def load_model() -> str:
            await downloaded.wait()
            return "model"

        async def wait() -> str:
            waiting.set()
            return await wait_for_model()

        monkeypatch.setattr(from_worker_thread, "load_model", load_model)
        monkeypatch.setattr(from_worker_thread, "wait_for_model", wait)
        app = from_worker_thread.app
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
        ):
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as requests:
                    requests.start_soon(client.get, "/model")
                    await waiting.wait()
                    scope.cancel()  # as a timeout of AnyIO does
            assert scope.cancelled_caught
            downloaded.set()
            assert (await client.get("/model")).json() == "model"

    asyncio.run(main())


def test_a_request_gives_its_thread_back_while_the_model_does_not_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def load_model() -> str:
        await asyncio.Event().wait()
        return "never"

    monkeypatch.setattr(from_worker_thread, "load_model", load_model)
    monkeypatch.setattr(from_worker_thread, "WAIT", 0.01)
    with TestClient(from_worker_thread.app) as client:
        answers = [client.get("/model").status_code for _ in range(2)]
        assert not from_worker_thread.app.state.model.cancelled()
    assert answers == [503, 503]


def test_a_load_that_failed_with_a_timeout_is_not_said_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def load_model() -> str:
        raise TimeoutError("the download")

    monkeypatch.setattr(from_worker_thread, "load_model", load_model)
    with TestClient(from_worker_thread.app, raise_server_exceptions=False) as client:
        assert client.get("/model").status_code == 500


def test_from_thread_run_works_in_def_endpoints_dependencies_and_run_in_threadpool() -> (
    None
):
    app = FastAPI()

    def loop_id() -> int:
        return id(anyio.from_thread.run(server_loop))

    @app.get("/")
    def endpoint(dependency: Annotated[int, Depends(loop_id)]) -> list[int]:
        return [dependency, loop_id()]

    @app.get("/async-def")
    async def in_async_def() -> list[int]:
        return [id(await server_loop()), await run_in_threadpool(loop_id)]

    with TestClient(app) as client:
        ids = client.get("/").json() + client.get("/async-def").json()
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_from_thread_run_raises_in_a_def_helper_that_async_def_calls() -> None:
    app = FastAPI()

    def helper() -> None:
        anyio.from_thread.run(server_loop)

    @app.get("/")
    async def endpoint() -> None:
        helper()

    with pytest.raises(NoEventLoopError, match="Not running inside an AnyIO worker"):
        TestClient(app).get("/")


def test_from_thread_run_takes_context_variables_along() -> None:
    async def look() -> str:
        return request_id.get()

    async def main() -> str:
        request_id.set("request 1")
        return await run_in_threadpool(anyio.from_thread.run, look)

    assert asyncio.run(main()) == "request 1"


def test_from_thread_run_sync_calls_a_function_on_the_loops_thread() -> None:
    async def main() -> str:
        thread = await run_in_threadpool(
            anyio.from_thread.run_sync, threading.current_thread
        )
        return thread.name

    assert asyncio.run(main()) == threading.current_thread().name


def test_a_thread_that_anyio_did_not_start_needs_a_token() -> None:
    def from_thread(token: EventLoopToken | None) -> asyncio.AbstractEventLoop:
        return anyio.from_thread.run(server_loop, token=token)

    async def main() -> None:
        with pytest.raises(
            NoEventLoopError, match="Not running inside an AnyIO worker"
        ):
            await asyncio.to_thread(from_thread, None)
        loop = await asyncio.to_thread(from_thread, current_token())
        assert loop is asyncio.get_running_loop()

    asyncio.run(main())


def test_a_coroutine_that_needs_a_thread_waits_for_ever_if_the_callers_hold_all() -> (
    None
):
    async def needs_a_thread(seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await run_in_threadpool(bool)
        except TimeoutError:
            return False
        return True

    async def main(threads: int, seconds: float) -> bool:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        return await run_in_threadpool(anyio.from_thread.run, needs_a_thread, seconds)

    assert asyncio.run(main(threads=2, seconds=PATIENCE)) is True
    assert asyncio.run(main(threads=1, seconds=BRIEFLY)) is False


# Threads of one's own


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> "Queue[threading.Thread]":
    """Let the thread save without a pause, and note the threads in which it saves."""
    threads: Queue[threading.Thread] = Queue()

    async def save(value: float) -> None:
        threads.put(threading.current_thread())

    monkeypatch.setattr(own_thread, "INTERVAL", 0.001)
    monkeypatch.setattr(own_thread, "save", save)
    return threads


async def run_lifespan(until: Callable[[], Any]) -> None:
    async with (
        asyncio.timeout(PATIENCE),
        own_thread.lifespan(own_thread.app),
    ):
        await asyncio.to_thread(until)


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "listen" in thread.name]


def test_a_thread_of_ones_own_runs_coroutines_on_the_servers_loop(
    saved: "Queue[threading.Thread]",
) -> None:
    seen: list[threading.Thread] = []
    asyncio.run(run_lifespan(lambda: seen.append(saved.get(timeout=PATIENCE))))
    assert seen == [threading.current_thread()]


def test_an_endless_thread_ends_when_the_lifespan_ends_even_with_an_error(
    saved: "Queue[threading.Thread]",
) -> None:
    def until() -> None:
        saved.get(timeout=PATIENCE)
        assert listeners()
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(run_lifespan(until))
    assert listeners() == []


def test_a_thread_that_does_not_stop_delays_the_shutdown_by_a_limited_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def stuck(loop: Any, stop: threading.Event) -> None:
        release.wait(PATIENCE)

    monkeypatch.setattr(own_thread, "STOP_WITHIN", 0.01)
    monkeypatch.setattr(own_thread, "listen", stuck)
    asyncio.run(run_lifespan(threading.current_thread))
    (thread,) = (t for t in threading.enumerate() if "stuck" in t.name)
    assert thread.daemon
    release.set()
    thread.join()


def test_a_failure_of_the_coroutine_is_logged_and_the_thread_goes_on(
    saved: "Queue[threading.Thread]",
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(value: float) -> None:
        saved.put(threading.current_thread())
        raise ConnectionError("no database")

    monkeypatch.setattr(own_thread, "save", fail)

    def until() -> None:
        saved.get(timeout=PATIENCE)
        saved.get(timeout=PATIENCE)

    asyncio.run(run_lifespan(until))
    assert "a reading was not saved" in caplog.text


def test_the_latest_reading_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_thread, "latest", {})
    client = TestClient(own_thread.app)
    assert client.get("/reading").json() == {}
    asyncio.run(own_thread.save(21.5))
    assert client.get("/reading").json() == {"value": 21.5}


def test_waiting_for_the_future_on_the_loops_own_thread_blocks_the_coroutine() -> None:
    async def main() -> None:
        future = asyncio.run_coroutine_threadsafe(
            server_loop(), asyncio.get_running_loop()
        )
        with pytest.raises(TimeoutError):
            future.result(timeout=BRIEFLY)
        assert await asyncio.wrap_future(future) is asyncio.get_running_loop()

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_an_exception_that_nobody_asks_the_future_for_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = threading.Event()

    async def fail() -> None:
        raise ValueError

    def thread(loop: asyncio.AbstractEventLoop) -> None:
        future = asyncio.run_coroutine_threadsafe(fail(), loop)
        future.add_done_callback(lambda _: done.set())
        assert done.wait(PATIENCE)

    async def main() -> None:
        await asyncio.to_thread(thread, asyncio.get_running_loop())

    asyncio.run(main())
    gc.collect()
    assert caplog.records == []


@pytest.mark.filterwarnings("ignore:coroutine 'Queue.put' was never awaited")
def test_call_soon_threadsafe_sets_an_event_and_does_not_await_a_method() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        queue: asyncio.Queue[int] = asyncio.Queue()

        def thread() -> None:
            loop.call_soon_threadsafe(queue.put, 1)
            loop.call_soon_threadsafe(event.set)

        await asyncio.to_thread(thread)
        await asyncio.wait_for(event.wait(), PATIENCE)
        gc.collect()
        assert queue.empty()

    asyncio.run(main())

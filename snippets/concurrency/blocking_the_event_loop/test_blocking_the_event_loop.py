import asyncio
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from httpx2 import ASGITransport, AsyncClient

from snippets.concurrency.blocking_the_event_loop import (
    async_client,
    def_endpoint,
    run_in_threadpool_call,
    wrong_blocking_call,
)

RIGHT = [async_client, def_endpoint, run_in_threadpool_call]


def test_a_blocking_call_in_async_def_holds_up_every_other_request(race: Any) -> None:
    order, slow = race(wrong_blocking_call, give_up=0.2)
    assert order == ["/report", "/health"]
    assert slow.served_meanwhile is False


def test_the_delays_of_many_short_blocking_calls_add_up() -> None:
    app = FastAPI()
    before_health: list[str] = []

    @app.get("/short")
    async def short() -> None:
        before_health.append("10 ms")  # stands for a short call that blocks

    @app.get("/health")
    async def health() -> int:
        return len(before_health)

    async def main() -> int:
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            paths = ["/short"] * 100 + ["/health"]
            answers = await asyncio.gather(*(client.get(path) for path in paths))
        waited_for: int = answers[-1].json()
        return waited_for

    assert asyncio.run(main()) == 100


def test_a_blocking_call_in_async_def_runs_on_the_event_loops_thread(race: Any) -> None:
    _, slow = race(wrong_blocking_call, give_up=0.0)
    assert slow.thread is threading.main_thread()


@pytest.mark.parametrize("module", RIGHT)
def test_the_other_request_is_answered_while_the_slow_one_waits(
    race: Any, module: ModuleType
) -> None:
    order, slow = race(module)
    assert order == ["/health", "/report"]
    assert slow.served_meanwhile is True


def test_with_def_the_health_check_is_answered_first_and_with_async_def_last(
    race: Any, recorded: Any
) -> None:
    shown = []
    for module, kind, give_up in (
        (def_endpoint, "def report", 30.0),
        (wrong_blocking_call, "async def report", 0.2),
    ):
        order, _ = race(module, give_up=give_up)
        shown.append(f"{kind + ':':<18}{order[0]}, then {order[1]}")
    recorded("order.txt", "\n".join(shown))


def test_asyncio_to_thread_frees_the_event_loop_as_well() -> None:
    released = threading.Event()

    async def main() -> bool:
        blocked = asyncio.create_task(asyncio.to_thread(released.wait, 30))
        await asyncio.sleep(0)
        released.set()  # the loop still runs
        return await blocked

    assert asyncio.run(main())


@pytest.mark.parametrize("kind", ["dependency", "middleware", "background task"])
def test_a_blocking_dependency_middleware_or_background_task_runs_on_the_loop(
    kind: str,
) -> None:
    app = FastAPI()
    threads = []

    def block() -> None:
        threads.append(threading.current_thread())

    async def blocks() -> None:
        block()

    @app.get("/")
    def read(tasks: BackgroundTasks) -> None:
        if kind == "background task":
            tasks.add_task(blocks)

    if kind == "dependency":
        app.router.routes.clear()
        app.get("/", dependencies=[Depends(blocks)])(read)

    if kind == "middleware":

        @app.middleware("http")
        async def middleware(request: Request, call_next: Any) -> Any:
            block()
            return await call_next(request)

    async def main() -> None:
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/")).status_code == 200

    asyncio.run(main())
    assert threads == [threading.main_thread()]


@pytest.mark.parametrize("module", [def_endpoint, run_in_threadpool_call])
def test_def_and_run_in_threadpool_move_the_call_to_a_worker_thread(
    race: Any, module: ModuleType
) -> None:
    _, slow = race(module)
    assert slow.thread is not threading.main_thread()


def test_asyncio_timeout_neither_interrupts_the_blocking_call_nor_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block = threading.Event().wait
    module = wrong_blocking_call
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda _: block(0.05)))

    async def main() -> dict[str, int]:
        async with asyncio.timeout(0.001):
            return await module.report()

    assert asyncio.run(main()) == {"rows": 3}


def test_asyncio_timeout_ends_the_wait_for_an_asynchronous_client() -> None:
    async def main() -> None:
        async with asyncio.timeout(0.001):
            await async_client.report()

    with pytest.raises(TimeoutError):
        asyncio.run(main())

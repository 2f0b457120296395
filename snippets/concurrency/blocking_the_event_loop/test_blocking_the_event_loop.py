import asyncio
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

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

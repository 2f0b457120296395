"""Stand-ins for slow work whose end does not depend on the clock."""

import asyncio
import threading
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from snippets.conftest import PATIENCE


class SlowCall:
    """Slow work that lasts until another request was answered, or ``give_up`` seconds.

    It replaces ``time.sleep`` (call it) or ``asyncio.sleep`` (await ``wait``). On the event
    loop's own thread a blocking call can only give up: nothing else runs there meanwhile.
    """

    def __init__(self, give_up: float) -> None:
        self.give_up = give_up
        self.started = threading.Event()
        self.other_answered = threading.Event()
        self.thread: threading.Thread | None = None
        self.served_meanwhile: bool | None = None

    def __call__(self, seconds: float) -> None:
        """Block the calling thread."""
        self.thread = threading.current_thread()
        self.started.set()
        self.served_meanwhile = self.other_answered.wait(self.give_up)

    async def wait(self, seconds: float) -> None:
        """Suspend the calling coroutine."""
        self.thread = threading.current_thread()
        self.started.set()
        self.served_meanwhile = await asyncio.to_thread(
            self.other_answered.wait, self.give_up
        )


class Race:
    """Sends a slow and a quick request together, and records the order of the answers."""

    def __init__(self, app: FastAPI, slow: SlowCall) -> None:
        self.app = app
        self.slow = slow
        self.finished: list[str] = []

    async def run(self, slow_path: str, quick_path: str) -> list[str]:
        """Return the paths in the order of their answers."""
        async with AsyncClient(
            transport=ASGITransport(self.app), base_url="http://test"
        ) as client:

            async def get(path: str) -> None:
                response = await client.get(path)
                assert response.status_code == 200
                self.finished.append(path)
                if path == quick_path:
                    self.slow.other_answered.set()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(get(slow_path))
                tasks.create_task(get(quick_path))
        return self.finished


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return ``race(module, give_up=…)``.

    It gives the order in which ``module.app`` answered /report and /health, and the slow
    call, which replaces the module's ``time.sleep`` and ``asyncio.sleep``.
    """

    def run(
        module: ModuleType, give_up: float = PATIENCE
    ) -> tuple[list[str], SlowCall]:
        slow = SlowCall(give_up)
        for name, replacement in (("time", slow), ("asyncio", slow.wait)):
            if hasattr(module, name):
                monkeypatch.setattr(
                    module, name, type(name, (), {"sleep": staticmethod(replacement)})
                )
        order = asyncio.run(Race(module.app, slow).run("/report", "/health"))
        return order, slow

    return run

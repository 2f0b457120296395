"""The portal of the test client: a way into an event loop that runs in this very thread."""

import asyncio
import contextlib
import contextvars
import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

from .loop import InlineLoop


class PumpedFuture(Future[Any]):
    """A future whose loop runs while somebody waits for it."""

    def __init__(self, loop: InlineLoop) -> None:
        """Belong to ``loop``."""
        super().__init__()
        self.loop = loop

    def result(self, timeout: float | None = None) -> Any:
        """Run the loop until the result is there."""
        self.loop.pump(self.done)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Run the loop until the exception is there, or the result."""
        self.loop.pump(self.done)
        return super().exception(0)


class InlinePortal:
    """Calls functions in a loop of this thread: what of AnyIO's portal the test client uses."""

    def __init__(self, loop: InlineLoop) -> None:
        """Lead into ``loop``."""
        self.loop = loop

    def start_task_soon(
        self, func: Callable[..., Any], *args: Any, name: object = None
    ) -> PumpedFuture:
        """Start ``func`` as a task; return a future for what it returns."""
        future = PumpedFuture(self.loop)

        async def run() -> None:
            try:
                value = func(*args)
                if inspect.isawaitable(value):
                    value = await value
            except asyncio.CancelledError:
                future.cancel()
                future.set_running_or_notify_cancel()
            except BaseException as error:
                if not future.cancelled():
                    future.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                if not future.cancelled():
                    future.set_result(value)

        self.loop.create_task(run(), context=contextvars.copy_context())
        return future

    def call(self, func: Callable[..., Any], *args: Any) -> Any:
        """Call ``func`` in the loop and return what it returns."""
        return self.start_task_soon(func, *args).result()

    def start_task(
        self, func: Callable[..., Any], *args: Any, name: object = None
    ) -> tuple[PumpedFuture, Any]:
        """Start ``func`` and wait until it says that it has; return its future and what it said."""
        started = PumpedFuture(self.loop)

        class Status:
            def started(self, value: object = None) -> None:
                started.set_result(value)

        async def run() -> Any:
            try:
                return await func(*args, task_status=Status())
            except BaseException as error:
                if not started.done():
                    started.set_exception(error)
                raise

        future = self.start_task_soon(run)
        return future, started.result()


@contextlib.contextmanager
def start_blocking_portal(
    backend: str = "asyncio", backend_options: object = None, *, name: str | None = None
) -> Iterator[InlinePortal]:
    """Yield a portal into a loop of its own, as AnyIO does with a thread."""
    loop = InlineLoop()
    try:
        yield InlinePortal(loop)
    finally:
        loop.finish()

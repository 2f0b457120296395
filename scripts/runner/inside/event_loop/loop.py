"""An event loop without threads and sockets, which a function that it calls may run further."""

import asyncio
import contextlib
import heapq
import sys
import threading
import time
from asyncio import events, tasks
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from ..errors import DeadlockError
from .clock import Clock, OutOfTimeError

DEADLOCK = (
    "every task waits, and nothing is left that could wake one: here are no threads and no network"
)


@contextlib.contextmanager
def outside_loop() -> Iterator[None]:
    """Hide the running loop and its task, as a thread of its own would not have them."""
    loop = events._get_running_loop()
    if loop is None:
        yield
        return
    task = tasks.current_task(loop)
    if task:
        tasks._leave_task(loop, task)
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(loop)
        if task:
            tasks._enter_task(loop, task)


class InlineLoop(asyncio.BaseEventLoop):
    """Runs callbacks and timers in the calling thread, and functions for other threads at once."""

    _ready: deque[Any]
    _scheduled: list[Any]
    _thread_id: int | None
    _asyncgen_firstiter_hook: Callable[[Any], None]
    _asyncgen_finalizer_hook: Callable[[Any], None]

    def _timer_handle_cancelled(self, handle: object) -> None:
        """Leave a cancelled timer where it is: it is skipped when its time comes."""

    def _write_to_self(self) -> None:
        """Nobody waits in another thread."""

    def time(self) -> float:
        """Return the seconds of the clock."""
        return super().time() + Clock.skipped

    def run_in_executor(  # type: ignore[override]  # a future is all that anybody awaits
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Call ``func`` now; return a future that holds its result or exception."""
        future = self.create_future()
        try:
            with outside_loop():
                future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # it belongs to whoever awaits
            future.set_exception(error)
        return future

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Raise ``OSError``."""
        raise OSError("here are no sockets")

    def step(self) -> bool:
        """Run what is due, or else wait for the next timer; return whether there was anything to run."""
        while self._scheduled and self._scheduled[0]._cancelled:
            heapq.heappop(self._scheduled)._scheduled = False
        if not self._ready:
            if not self._scheduled:
                return False
            Clock.sleep(max(0.0, self._scheduled[0]._when - self.time()))
        while self._scheduled and self._scheduled[0]._when <= self.time():
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            self._ready.append(timer)
        for _ in range(len(self._ready)):
            if self._ready:  # a callback that ran the loop further may have emptied it
                handle = self._ready.popleft()
                if not handle._cancelled:
                    handle._run()
        return True

    def pump(self, is_done: Callable[[], bool], *, until_idle: bool = False) -> None:
        """Run until ``is_done`` says so, even where this or another loop is running already.

        Where nothing can happen any more it returns if ``until_idle``, and else raises ``DeadlockError``.
        """
        with outside_loop():
            before, hooks = self._thread_id, sys.get_asyncgen_hooks()
            self._thread_id = threading.get_ident()
            events._set_running_loop(self)
            sys.set_asyncgen_hooks(
                firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook
            )
            try:
                while not is_done():
                    if not self.step():
                        if until_idle:
                            return
                        raise DeadlockError(DEADLOCK, tasks.all_tasks(self))
            finally:
                sys.set_asyncgen_hooks(*hooks)
                events._set_running_loop(None)
                self._thread_id = before

    def run_until_complete(self, future: Any) -> Any:
        """Run until ``future`` is done; return its result or raise its exception."""
        if events._get_running_loop() is self:
            if isinstance(future, Coroutine):
                future.close()
            raise RuntimeError("This event loop is already running")
        awaited: asyncio.Future[Any] = tasks.ensure_future(future, loop=self)
        self.pump(awaited.done)
        return awaited.result()

    def finish(self) -> None:
        """Cancel what is left, and close."""
        left = [task for task in tasks.all_tasks(self) if not task.done()]
        for task in left:
            task.cancel()
        with contextlib.suppress(Exception, OutOfTimeError):
            self.pump(lambda: all(task.done() for task in left))
            self.run_until_complete(self.shutdown_asyncgens())
        self.close()


def as_default() -> None:
    """Let ``asyncio.run`` and others take this loop where they make one."""
    vars(time)["sleep"] = Clock.sleep
    events._set_running_loop(None)  # Pyodide's own loop marks itself as running
    for module, name in (
        *((asyncio, "new_event_loop"), (events, "new_event_loop")),
        (asyncio, "SelectorEventLoop"),
    ):
        vars(module)[name] = InlineLoop

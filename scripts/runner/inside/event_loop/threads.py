"""What Starlette and FastAPI hand to other threads, run in the one thread that there is."""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import anyio.from_thread
from anyio import CancelScope
from anyio._backends import _asyncio
from anyio.lowlevel import EventLoopToken

from .loop import InlineLoop, outside_loop
from .portal import PumpedFuture, start_blocking_portal

backend: Any = _asyncio
USED = set[str]()
"""Not empty where a server would have used a worker thread, since the set was cleared."""
WORKER = threading.Thread(name="AnyIO worker thread")
_MISSING = object()


@contextlib.contextmanager
def _named_as_worker() -> Iterator[None]:
    """Let ``threading.current_thread()`` be the worker, as the program would see it on a server."""
    active: dict[int, threading.Thread] = vars(threading)["_active"]
    here = threading.get_ident()
    before = active[here]
    active[here] = WORKER
    try:
        yield
    finally:
        active[here] = before


@contextlib.contextmanager
def _as_worker(loop: Any, scope: Any) -> Iterator[None]:
    """Set what AnyIO keeps for each worker thread, so that the function may call back into the loop."""
    local: Any = backend.threadlocals
    values = {
        "current_token": EventLoopToken(backend.AsyncIOBackend, loop),
        "current_cancel_scope": scope,
    }
    before = {name: getattr(local, name, _MISSING) for name in values}
    for name, value in values.items():
        setattr(local, name, value)
    try:
        with outside_loop(), _named_as_worker():
            yield
    finally:
        for name, value in before.items():
            if value is _MISSING:
                delattr(local, name)
            else:
                setattr(local, name, value)


async def _in_worker(
    cls: Any,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    abandon_on_cancel: bool = False,
    limiter: Any = None,
) -> Any:
    await cls.checkpoint()
    async with limiter or cls.current_default_thread_limiter():
        with CancelScope(shield=not abandon_on_cancel) as scope:  # noqa: ASYNC100  # the function may look
            context = contextvars.copy_context()
            context.run(backend.set_current_async_library, None)
            USED.add(threading.current_thread().name)
            outer = None if abandon_on_cancel else getattr(scope, "_parent_scope", None)
            with _as_worker(asyncio.get_running_loop(), outer or scope):
                return context.run(func, *args)


def _loop_of(token: Any) -> InlineLoop:
    native = (
        getattr(token, "native_token", token) or backend.threadlocals.current_token.native_token
    )
    if not isinstance(native, InlineLoop):
        raise TypeError(f"a loop of another kind: {native!r}")
    return native


def _async_from_worker(
    cls: object, func: Callable[..., Coroutine[Any, Any, Any]], args: tuple[Any, ...], token: Any
) -> Any:
    loop = _loop_of(token)
    context = contextvars.copy_context()
    context.run(backend.set_current_async_library, "asyncio")
    task = context.run(loop.create_task, func(*args))
    loop.pump(task.done)
    return task.result()


def _sync_from_worker(
    cls: object, func: Callable[..., Any], args: tuple[Any, ...], token: Any
) -> Any:
    async def call() -> Any:
        return func(*args)

    return _async_from_worker(cls, call, (), token)


def _wait(futures: Any, timeout: float | None = None, return_when: str = "ALL_COMPLETED") -> Any:
    for future in futures:
        if isinstance(future, PumpedFuture):
            future.loop.pump(future.done)
    return _original_wait(futures, timeout, return_when)


_original_wait = concurrent.futures.wait


def _threadsafe(coro: Coroutine[Any, Any, Any], loop: Any) -> Any:
    if not isinstance(loop, InlineLoop):
        return _original_threadsafe(coro, loop)
    future = PumpedFuture(loop)
    vars(asyncio.futures)["_chain_future"](loop.create_task(coro), future)
    return future


_original_threadsafe = asyncio.run_coroutine_threadsafe


def install() -> None:
    """Put all of it in the place of what starts threads; for the life of the interpreter."""
    for name, function in (
        ("run_sync_in_worker_thread", _in_worker),
        ("run_async_from_thread", _async_from_worker),
        ("run_sync_from_thread", _sync_from_worker),
    ):
        if not hasattr(backend.AsyncIOBackend, name):
            raise AttributeError(f"AnyIO's backend has no {name} any more")
        setattr(backend.AsyncIOBackend, name, classmethod(function))
    for module, name, value in (
        (anyio.from_thread, "start_blocking_portal", start_blocking_portal),
        (concurrent.futures, "wait", _wait),
        (asyncio, "run_coroutine_threadsafe", _threadsafe),
    ):
        vars(module)[name] = value

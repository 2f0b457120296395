import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from fastapi import FastAPI

P = ParamSpec("P")
T = TypeVar("T")

app = FastAPI()


def where() -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "in a worker thread"
    return "on the event loop"


def def_wrapper(func: Callable[P, T]) -> Callable[P, T]:
    @wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return func(*args, **kwargs)

    return wrapper


def async_wrapper(func: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    @wraps(func)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return func(*args, **kwargs)

    return wrapper


# --8<-- [start:forms]
async def report(rows: int = 3) -> str:
    return where()


def sync_report(rows: int = 3) -> str:
    return where()


class Report:
    async def __call__(self) -> str:
        return where()

    async def weekly(self) -> str:
        return where()


async def stream() -> AsyncIterable[str]:
    yield where()


def sync_stream() -> Iterable[str]:
    yield where()


app.get("/async-def")(report)
app.get("/def")(sync_report)
app.get("/partial-of-async-def")(partial(report, rows=10))
app.get("/object-with-async-call")(Report())
app.get("/async-method")(Report().weekly)
app.get("/def-wrapper-of-async-def")(def_wrapper(report))
app.get("/async-wrapper-of-def")(async_wrapper(sync_report))
app.get("/async-generator")(stream)
app.get("/generator")(sync_stream)
# --8<-- [end:forms]

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from fastapi import FastAPI

app = FastAPI()
durations: list[float] = []
P = ParamSpec("P")
R = TypeVar("R")


# --8<-- [start:decorator]
def timed(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)  # keeps name and signature
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            durations.append(time.perf_counter() - start)

    return wrapper


@app.get("/report")
@timed
def report(year: int) -> int:
    return year


# --8<-- [end:decorator]

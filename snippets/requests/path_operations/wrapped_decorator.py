# --8<-- [start:decorator]
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from fastapi import FastAPI

app = FastAPI()
logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def timed(
    function: Callable[P, R],
) -> Callable[P, R]:
    @wraps(function)  # keeps name and signature
    def wrapper(
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent = time.perf_counter() - start
            logger.info("%.3f s", spent)

    return wrapper


@app.get("/report")
@timed
def report(year: int) -> int:
    return year


# --8<-- [end:decorator]

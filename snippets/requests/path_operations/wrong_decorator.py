import logging
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

app = FastAPI()
logger = logging.getLogger(__name__)


# --8<-- [start:decorator]
def timed(
    function: Callable[..., Any],
) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
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

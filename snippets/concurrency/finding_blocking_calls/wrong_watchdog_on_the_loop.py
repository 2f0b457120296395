import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

logger = logging.getLogger("app.loop")
LIMIT = 1.0  # seconds


# --8<-- [start:watchdog]
async def watchdog() -> None:
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        await asyncio.sleep(LIMIT / 4)
        if loop.time() - started > LIMIT:
            stack = traceback.format_stack()
            logger.error("".join(stack))


# --8<-- [end:watchdog]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(watchdog())
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

# --8<-- [start:lag]
logger = logging.getLogger("app.loop")
INTERVAL = 0.25  # seconds
LIMIT = 0.1


async def measure_lag() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + INTERVAL
        await asyncio.sleep(INTERVAL)
        lag = loop.time() - due
        if lag > LIMIT:
            logger.warning("the event loop was %.2f s late", lag)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(measure_lag())
    try:
        yield
    finally:
        task.cancel()


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lag]


def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()

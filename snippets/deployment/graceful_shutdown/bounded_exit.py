import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

queue: asyncio.Queue[str] = asyncio.Queue()
log = logging.getLogger("app")


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(
    app: FastAPI,
) -> AsyncIterator[None]:
    yield
    try:
        async with asyncio.timeout(5):
            await queue.join()
    except TimeoutError:
        log.warning("queue.join() took too long")


# --8<-- [end:lifespan]
app = FastAPI(lifespan=lifespan)


@app.post("/jobs")
async def add_job(name: str) -> None:
    await queue.put(name)

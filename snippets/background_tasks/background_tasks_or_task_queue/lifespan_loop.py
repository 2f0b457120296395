import logging
from asyncio import create_task, sleep, wait
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

logger = logging.getLogger(__name__)
runs: list[str] = []


async def delete_expired() -> None:
    runs.append("run")


# --8<-- [start:loop]
async def every_hour() -> None:
    while True:
        try:
            await delete_expired()
        except Exception:
            logger.exception("clean-up failed")
        await sleep(3600)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    loop = create_task(every_hour())
    try:
        yield
    finally:
        loop.cancel()
        await wait([loop])  # it has ended


app = FastAPI(lifespan=lifespan)
# --8<-- [end:loop]

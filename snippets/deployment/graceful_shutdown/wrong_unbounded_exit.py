import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

queue: asyncio.Queue[str] = asyncio.Queue()


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(
    app: FastAPI,
) -> AsyncIterator[None]:
    yield
    await queue.join()  # all jobs done


# --8<-- [end:lifespan]
app = FastAPI(lifespan=lifespan)


@app.post("/jobs")
async def add_job(name: str) -> None:
    await queue.put(name)

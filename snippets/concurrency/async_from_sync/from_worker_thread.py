import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.from_thread
from fastapi import FastAPI, HTTPException


async def load_model() -> str:
    await asyncio.sleep(1)  # stands for a download
    return "model"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.model = asyncio.create_task(load_model())
    try:
        yield
    finally:
        app.state.model.cancel()


app = FastAPI(lifespan=lifespan)


# --8<-- [start:endpoint]
WAIT = 5.0  # seconds


async def wait_for_model() -> str:
    task: asyncio.Task[str] = app.state.model
    # the end of this wait does not cancel the task
    await asyncio.wait([task], timeout=WAIT)
    if not task.done():
        raise HTTPException(503, "Not loaded yet")
    return task.result()


@app.get("/model")
def model() -> str:
    return anyio.from_thread.run(wait_for_model)


# --8<-- [end:endpoint]

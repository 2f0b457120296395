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
async def wait_for_model() -> str:
    async with asyncio.timeout(5):
        # the end of this wait must not cancel the task
        model: str = await asyncio.shield(app.state.model)
    return model


@app.get("/model")
def model() -> str:
    try:
        return anyio.from_thread.run(wait_for_model)
    except TimeoutError:
        raise HTTPException(503, "Not loaded yet") from None


# --8<-- [end:endpoint]

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.from_thread
from fastapi import FastAPI


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
    # a cancelled request must not cancel the task
    model: str = await asyncio.shield(app.state.model)
    return model


@app.get("/model")
def model() -> str:
    return anyio.from_thread.run(wait_for_model)


# --8<-- [end:endpoint]

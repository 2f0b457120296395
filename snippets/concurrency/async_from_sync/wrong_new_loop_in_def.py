import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


async def load_model(downloaded: asyncio.Event) -> str:
    await downloaded.wait()
    return "model"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.downloaded = asyncio.Event()
    app.state.model = asyncio.create_task(load_model(app.state.downloaded))
    yield


app = FastAPI(lifespan=lifespan)


async def wait_for_download() -> str:
    await app.state.downloaded.wait()
    return "downloaded"


@app.get("/download")
def download() -> str:
    return asyncio.run(wait_for_download())


# --8<-- [start:endpoint]
async def wait_for_model() -> str:
    model: str = await app.state.model
    return model


@app.get("/model")
def model() -> str:
    return asyncio.run(wait_for_model())


# --8<-- [end:endpoint]

# --8<-- [start:handler]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.items = {"7": "Pen"}
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:handler]

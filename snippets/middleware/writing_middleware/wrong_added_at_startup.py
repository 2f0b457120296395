from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware


# --8<-- [start:startup]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.add_middleware(GZipMiddleware)
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:startup]

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from pymongo import AsyncMongoClient


# --8<-- [start:endpoint]
@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[Any]:
    url = os.environ["MONGODB_URL"]
    async with AsyncMongoClient[Any](
        url, timeoutMS=5000, socketTimeoutMS=5000
    ) as client:
        yield {"database": client["shop"]}


app = FastAPI(lifespan=lifespan)


@app.get("/count")
async def count(request: Request) -> int:
    products = request.state.database["products"]
    return int(await products.count_documents({}))


# --8<-- [end:endpoint]

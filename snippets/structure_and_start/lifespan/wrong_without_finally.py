from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

events: list[str] = []


async def connect(name: str) -> str:
    if name == "cache":
        raise ConnectionError(name)
    return name


async def close(name: str) -> None:
    events.append(f"close {name}")


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = await connect("database")
    cache = await connect("cache")  # may fail
    yield
    await close(cache)
    await close(database)


# --8<-- [end:lifespan]
app = FastAPI(lifespan=lifespan)

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

events: list[str] = []


def load_prices() -> None:
    events.append("prices")


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    load_prices()
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lifespan]

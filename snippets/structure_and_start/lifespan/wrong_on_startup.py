from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

events: list[str] = []


def load_prices() -> None:
    events.append("prices")


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


app = FastAPI(
    lifespan=lifespan,
    on_startup=[load_prices],  # never called
)
# --8<-- [end:lifespan]

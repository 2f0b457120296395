# --8<-- [start:module]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from .database import open_database
from .orders.router import router as orders
from .settings import get_settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with open_database(get_settings().database_url) as sessions:
        yield {"sessions": sessions}


app = FastAPI(lifespan=lifespan, max_body_size=100_000)  # since FastAPI 0.164
app.include_router(orders)
# --8<-- [end:module]

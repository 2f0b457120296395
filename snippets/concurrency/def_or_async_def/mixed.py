# --8<-- [start:program]
import asyncio
import threading
import time
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


async def current_user() -> str:
    await asyncio.sleep(0.1)  # stands for httpx.AsyncClient or asyncpg
    return "ada"


@app.get("/rates")
async def read_rates() -> dict[str, str]:
    await asyncio.sleep(0.1)  # stands for httpx.AsyncClient or asyncpg
    return {"ran in": threading.current_thread().name}


@app.get("/orders")
def read_orders(
    user: Annotated[str, Depends(current_user)],
) -> dict[str, str]:
    time.sleep(0.1)  # stands for requests or psycopg2
    return {"user": user, "ran in": threading.current_thread().name}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"ran in": threading.current_thread().name}  # waits for nothing


# --8<-- [end:program]

# --8<-- [start:program]
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 100
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/report")
def report() -> dict[str, int]:
    time.sleep(5)  # a call that blocks
    return {"rows": 3}


@app.get("/threads")
async def threads() -> dict[str, Any]:  # async def: needs no thread
    limiter = anyio.to_thread.current_default_thread_limiter()
    return {
        "total": limiter.total_tokens,
        "borrowed": limiter.borrowed_tokens,
        "waiting": limiter.statistics().tasks_waiting,
    }


# --8<-- [end:program]

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.1  # seconds, the default
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lifespan]


def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()

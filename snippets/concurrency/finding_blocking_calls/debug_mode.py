# --8<-- [start:program]
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.1  # seconds, the default
    yield


app = FastAPI(lifespan=lifespan)


def fetch_report() -> dict[str, int]:
    time.sleep(5)  # the blocking call that we look for
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()


# --8<-- [end:program]

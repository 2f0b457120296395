import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

# --8<-- [start:thread]
logger = logging.getLogger("app.loop")
LIMIT = 1.0  # seconds


def watchdog(
    loop: asyncio.AbstractEventLoop,
    thread: int,
    stop: threading.Event,
) -> None:
    while not stop.wait(LIMIT):
        answered = threading.Event()
        loop.call_soon_threadsafe(answered.set)
        while not answered.wait(LIMIT):
            frame = sys._current_frames()[thread]
            stack = "".join(traceback.format_stack(frame))
            logger.error("The event loop is blocked:\n%s", stack)


# --8<-- [end:thread]
# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    thread = threading.Thread(
        target=watchdog, args=(loop, threading.get_ident(), stop), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        await asyncio.to_thread(thread.join)


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lifespan]


def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()

# --8<-- [start:program]
import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread

from fastapi import FastAPI

logger = logging.getLogger("app.readings")
INTERVAL = 1.0  # seconds between two readings
STOP_WITHIN = 5.0
latest: dict[str, float] = {}


async def save(value: float) -> None:
    latest["value"] = value  # stands for an await of the server's database client


def listen(loop: asyncio.AbstractEventLoop, stop: Event) -> None:
    """Stands for the thread of a library: an MQTT client, a file watcher, a camera."""
    while not stop.wait(INTERVAL):
        future = asyncio.run_coroutine_threadsafe(save(21.5), loop)
        try:
            future.result(timeout=10)  # raises what the coroutine raised
        except Exception:
            future.cancel()
            logger.exception("a reading was not saved")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    stop = Event()
    arguments = (asyncio.get_running_loop(), stop)
    thread = Thread(target=listen, args=arguments, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        await asyncio.to_thread(thread.join, STOP_WITHIN)


app = FastAPI(lifespan=lifespan)


@app.get("/reading")
async def reading() -> dict[str, float]:
    return latest


# --8<-- [end:program]

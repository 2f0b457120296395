import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import FrameType

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse

stopping = asyncio.Event()


# --8<-- [start:signal]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    server = signal.getsignal(signal.SIGTERM)  # Uvicorn's handler

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopping.set)
        if callable(server):
            server(number, frame)

    with suppress(ValueError):  # TestClient: not the main thread
        signal.signal(signal.SIGTERM, handle)
    yield


# --8<-- [end:signal]
app = FastAPI(lifespan=lifespan)


# --8<-- [start:stream]
@app.get("/ticks", response_class=EventSourceResponse)
async def ticks() -> AsyncIterator[dict[str, int]]:
    n = 0
    while not stopping.is_set():
        yield {"n": n}
        n += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), 1)


# --8<-- [end:stream]

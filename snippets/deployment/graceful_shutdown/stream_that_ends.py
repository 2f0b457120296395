import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType

from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse


# --8<-- [start:signal]
@contextmanager
def set_on(number: signal.Signals, event: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    before = signal.getsignal(number)  # Uvicorn's handler

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(event.set)
        if callable(before):
            before(number, frame)

    try:
        if callable(before):
            with suppress(ValueError):  # TestClient: not the main thread
                signal.signal(number, handle)
        yield
    finally:
        if signal.getsignal(number) is handle:
            signal.signal(number, before)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, asyncio.Event]]:
    stopping = asyncio.Event()
    with set_on(signal.SIGTERM, stopping), set_on(signal.SIGINT, stopping):
        yield {"stopping": stopping}


# --8<-- [end:signal]
app = FastAPI(lifespan=lifespan)


# --8<-- [start:stream]
@app.get("/ticks", response_class=EventSourceResponse)
async def ticks(
    request: Request,
) -> AsyncIterator[dict[str, int]]:
    stopping: asyncio.Event = request.state.stopping
    n = 0
    while not stopping.is_set():
        yield {"n": n}
        n += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), 1)


# --8<-- [end:stream]

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from fastapi import FastAPI, Request


# --8<-- [start:thread]
def listen(loop: asyncio.AbstractEventLoop, readings: "asyncio.Queue[float]") -> None:
    """Stands for the thread of a library: an MQTT client, a file watcher, a camera."""
    future = asyncio.run_coroutine_threadsafe(readings.put(21.5), loop)
    future.result(timeout=10)  # raises what the coroutine raised


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.readings = asyncio.Queue()
    arguments = (asyncio.get_running_loop(), app.state.readings)
    thread = Thread(target=listen, args=arguments)
    thread.start()
    yield
    await asyncio.to_thread(thread.join)


# --8<-- [end:thread]
app = FastAPI(lifespan=lifespan)


@app.get("/reading")
async def reading(request: Request) -> float:
    value: float = await request.app.state.readings.get()
    return value

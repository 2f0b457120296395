import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse

app = FastAPI()


# --8<-- [start:stream]
@app.get("/ticks", response_class=EventSourceResponse)
async def ticks() -> AsyncIterator[dict[str, int]]:
    n = 0
    while True:
        yield {"n": n}
        n += 1
        await asyncio.sleep(1)


# --8<-- [end:stream]

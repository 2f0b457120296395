# --8<-- [start:program]
from asyncio import sleep
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse

app = FastAPI()


@app.get("/prices", response_class=EventSourceResponse)
async def prices() -> AsyncIterator[float]:
    for price in (10.5, 10.7):  # stands for a feed
        yield price
        await sleep(0)


# --8<-- [end:program]

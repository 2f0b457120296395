import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Body, FastAPI
from fastapi.sse import EventSourceResponse

app = FastAPI()
queues = set[asyncio.Queue[str]]()


# --8<-- [start:endpoints]
@app.post("/events", status_code=202)
async def add_event(
    text: Annotated[str, Body(embed=True)],
) -> None:
    for queue in queues:
        queue.put_nowait(text)


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[dict[str, str]]:
    queue = asyncio.Queue[str]()
    queues.add(queue)
    try:
        while True:
            yield {"text": await queue.get()}
    finally:
        queues.discard(queue)


# --8<-- [end:endpoints]

from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent

WORDS = ["To", "be", "continued"]

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/answer", response_class=EventSourceResponse)
async def answer() -> AsyncIterator[ServerSentEvent]:
    for word in WORDS:
        yield ServerSentEvent(raw_data=word)
    yield ServerSentEvent(event="done", data={})


# --8<-- [end:endpoint]

# --8<-- [start:streams]
from collections.abc import AsyncIterable, Iterable

from fastapi import FastAPI
from fastapi.responses import EventSourceResponse, StreamingResponse
from fastapi.sse import ServerSentEvent
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    number: int


class CSVResponse(StreamingResponse):
    media_type = "text/csv"


@app.get("/lines")  # JSON Lines
async def lines() -> AsyncIterable[Order]:
    for number in (7, 8):
        yield Order(number=number)


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterable[ServerSentEvent]:
    yield ServerSentEvent(event="order", id="7", data=Order(number=7))
    yield ServerSentEvent(raw_data="[DONE]")


@app.get("/csv", response_class=CSVResponse)
def csv() -> Iterable[str]:  # text or bytes, nothing else
    yield "number\n"
    yield "7\n"


# --8<-- [end:streams]

# --8<-- [start:program]
import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Body, FastAPI, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

LONGEST = 3600.0  # seconds of one connection


class Log:
    """The newest events, each with a number that grows."""

    def __init__(self, size: int = 1000) -> None:
        self.events = deque[tuple[int, str]](maxlen=size)
        # A later run begins with a larger number.
        self.newest = self.forgotten = time.time_ns() // 1000
        self.added = asyncio.Condition()

    async def add(self, text: str) -> None:
        async with self.added:
            if len(self.events) == self.events.maxlen:
                self.forgotten = self.events[0][0]
            self.newest += 1
            self.events.append((self.newest, text))
            self.added.notify_all()

    async def after(self, number: int) -> list[tuple[int, str]] | None:
        """Wait for what follows ``number``; None if some of it is gone."""
        async with self.added:
            await self.added.wait_for(lambda: self.newest != number)
            if not self.forgotten <= number <= self.newest:
                return None
            return [event for event in self.events if event[0] > number]


log = Log()
app = FastAPI()


@app.post("/events", status_code=202)
async def add_event(
    text: Annotated[str, Body(embed=True, max_length=1000)],
) -> None:
    await log.add(text)


@app.get("/events", response_class=EventSourceResponse)
async def events(
    last_event_id: Annotated[int | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    number = log.newest if last_event_id is None else last_event_id
    yield ServerSentEvent(retry=2000, id=str(number))
    end = time.monotonic() + LONGEST  # the browser comes back with the last number
    while (left := end - time.monotonic()) > 0:
        try:
            newer = await asyncio.wait_for(log.after(number), left)
        except TimeoutError:
            break
        if newer is None:
            number = log.forgotten
            yield ServerSentEvent(event="reset", data={}, id=str(number))
            continue
        for number, text in newer:
            yield ServerSentEvent(id=str(number), data={"text": text})


# --8<-- [end:program]

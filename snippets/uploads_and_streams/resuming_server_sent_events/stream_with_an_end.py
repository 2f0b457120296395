import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent

WORDS = ["To", "be", "continued"]

app = FastAPI()
logger = logging.getLogger(__name__)


# --8<-- [start:endpoint]
@app.get("/answer", response_class=EventSourceResponse)
async def answer() -> AsyncIterator[ServerSentEvent]:
    try:
        for word in WORDS:
            yield ServerSentEvent(raw_data=word)
    except Exception:
        logger.exception("The answer broke off")
        yield ServerSentEvent(event="done", data={"complete": False})
    else:
        yield ServerSentEvent(event="done", data={"complete": True})


# --8<-- [end:endpoint]

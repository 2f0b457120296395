# --8<-- [start:program]
import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

PAUSE = 1.0

app = FastAPI()


async def numbers() -> AsyncIterator[str]:
    for number in range(1, 6):
        yield f"{number}\n"
        await asyncio.sleep(PAUSE)


@app.get("/numbers")
async def stream_numbers() -> StreamingResponse:
    return StreamingResponse(
        numbers(),
        media_type="text/plain",
        headers={
            "X-Accel-Buffering": "no",  # for nginx
            "X-Content-Type-Options": "nosniff",  # for a tab of the browser
        },
    )


# --8<-- [end:program]

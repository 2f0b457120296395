import time
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

PAUSE = 1.0

app = FastAPI()


# --8<-- [start:generator]
async def numbers() -> AsyncIterator[str]:
    for number in range(1, 6):
        yield f"{number}\n"
        time.sleep(PAUSE)


# --8<-- [end:generator]


@app.get("/numbers")
async def stream_numbers() -> StreamingResponse:
    return StreamingResponse(numbers(), media_type="text/plain")

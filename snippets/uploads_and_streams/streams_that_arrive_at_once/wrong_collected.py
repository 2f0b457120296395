from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


async def numbers() -> AsyncIterator[str]:
    for number in range(1, 6):
        yield f"{number}\n"


# --8<-- [start:endpoint]
@app.get("/numbers")
async def stream_numbers() -> StreamingResponse:
    lines = [line async for line in numbers()]
    return StreamingResponse(iter(lines), media_type="text/plain")


# --8<-- [end:endpoint]

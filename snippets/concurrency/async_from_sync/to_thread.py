# --8<-- [start:program]
import asyncio
from functools import partial

import anyio.to_thread
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()
own_limiter = anyio.CapacityLimiter(2)


def render(number: int, *, style: str) -> str:
    return f"{style} report {number}"  # stands for a call that blocks


@app.get("/reports")
async def reports() -> list[str]:
    return [
        await run_in_threadpool(render, 1, style="short"),
        await anyio.to_thread.run_sync(
            partial(render, 2, style="short"), limiter=own_limiter
        ),
        await asyncio.to_thread(render, 3, style="short"),
    ]


# --8<-- [end:program]

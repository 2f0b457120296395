# --8<-- [start:program]
import asyncio
import time

import anyio.from_thread
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


def render(number: int) -> str:
    time.sleep(1)  # stands for a library that blocks
    return f"report {number}"


async def load(number: int) -> str:
    await asyncio.sleep(1)  # stands for an asynchronous library
    return f"order {number}"


@app.get("/report")
async def report() -> str:
    return await run_in_threadpool(render, 7)


@app.get("/order")
def order() -> str:
    return anyio.from_thread.run(load, 7)


# --8<-- [end:program]

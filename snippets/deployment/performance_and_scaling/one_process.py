# --8<-- [start:app]
import asyncio
import threading

from fastapi import FastAPI

app = FastAPI()
waiting = 0


async def supplier() -> None:
    await asyncio.sleep(1)  # stands for a slow service


@app.get("/quote")
async def quote() -> dict[str, int]:
    global waiting
    waiting += 1
    try:
        await supplier()
        return {"waiting": waiting, "threads": threading.active_count()}
    finally:
        waiting -= 1


# --8<-- [end:app]

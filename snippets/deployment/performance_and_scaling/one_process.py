# --8<-- [start:app]
import asyncio
import threading

from fastapi import FastAPI

app = FastAPI()
app.state.waiting = 0  # of this worker


async def supplier() -> None:
    await asyncio.sleep(1)  # stands for a slow service


@app.get("/quote")
async def quote() -> dict[str, int]:
    app.state.waiting += 1
    try:
        await supplier()
        return {"waiting": app.state.waiting, "threads": threading.active_count()}
    finally:
        app.state.waiting -= 1


# --8<-- [end:app]

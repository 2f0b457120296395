import asyncio
import threading

from fastapi import FastAPI

app = FastAPI()
events: list[str] = []
both_here = asyncio.Barrier(2)


# --8<-- [start:endpoints]
@app.get("/meet/{name}")
async def meet(name: str) -> dict[str, int]:
    events.append(f"{name} starts")
    await both_here.wait()  # goes on when two requests have come this far
    events.append(f"{name} ends")
    return {"thread": threading.get_ident()}


@app.get("/compute/{name}")
async def compute(name: str) -> dict[str, int]:
    events.append(f"{name} starts")
    sum(range(100_000))  # nothing to wait for
    events.append(f"{name} ends")
    return {"thread": threading.get_ident()}


# --8<-- [end:endpoints]

# --8<-- [start:program]
import asyncio
import threading

from fastapi import FastAPI

app = FastAPI()


@app.get("/wait/{name}")
async def wait(name: str) -> dict[str, str]:
    print(name, "starts")
    await asyncio.sleep(1)  # stands for a database or another service
    print(name, "ends")
    return {"name": name, "thread": threading.current_thread().name}


@app.get("/compute/{name}")
async def compute(name: str) -> dict[str, str]:
    print(name, "starts")
    sum(range(10_000_000))  # nothing to wait for
    print(name, "ends")
    return {"name": name, "thread": threading.current_thread().name}


# --8<-- [end:program]

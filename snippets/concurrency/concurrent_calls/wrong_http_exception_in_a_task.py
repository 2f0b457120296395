import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()
prices = {"tea": 3, "cake": 4}


# --8<-- [start:endpoint]
async def load(name: str) -> int:
    if name not in prices:
        raise HTTPException(404, "Not sold")
    return prices[name]


@app.get("/sum")
async def price_of_both(a: str, b: str) -> int:
    async with asyncio.TaskGroup() as group:
        one = group.create_task(load(a))
        two = group.create_task(load(b))
    return one.result() + two.result()


# --8<-- [end:endpoint]

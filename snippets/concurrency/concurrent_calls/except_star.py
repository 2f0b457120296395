import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()
prices = {"tea": 3, "cake": 4}


# --8<-- [start:endpoint]
class NoSuchProduct(Exception): ...


async def load(name: str) -> int:
    if name not in prices:
        raise NoSuchProduct
    return prices[name]


@app.get("/sum")
async def price_of_both(a: str, b: str) -> int:
    try:
        async with asyncio.TaskGroup() as group:
            one = group.create_task(load(a))
            two = group.create_task(load(b))
    except* NoSuchProduct:
        raise HTTPException(404) from None
    return one.result() + two.result()


# --8<-- [end:endpoint]

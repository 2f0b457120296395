# --8<-- [start:program]
import asyncio

from fastapi import FastAPI

app = FastAPI()


async def load(what: str) -> str:
    await asyncio.sleep(1)  # stands for a call of another service
    return f"{what} of the product"


@app.get("/product")
async def product() -> dict[str, str]:
    async with asyncio.TaskGroup() as group:
        price = group.create_task(load("price"))
        stock = group.create_task(load("stock"))
        rating = group.create_task(load("rating"))
    return {
        "price": price.result(),
        "stock": stock.result(),
        "rating": rating.result(),
    }


# --8<-- [end:program]

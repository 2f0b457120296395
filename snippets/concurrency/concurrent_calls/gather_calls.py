import asyncio

from fastapi import FastAPI

app = FastAPI()


async def load(what: str) -> str:
    await asyncio.sleep(1)  # stands for a call of another service
    return f"{what} of the product"


# --8<-- [start:endpoint]
@app.get("/product")
async def product() -> dict[str, str]:
    price, stock, rating = await asyncio.gather(
        load("price"), load("stock"), load("rating")
    )
    return {"price": price, "stock": stock, "rating": rating}


# --8<-- [end:endpoint]

import asyncio

from fastapi import FastAPI

app = FastAPI()


async def fetch_price() -> float:
    return 9.5


# --8<-- [start:endpoint]
@app.get("/price")
async def price() -> float:
    return asyncio.run(fetch_price())


# --8<-- [end:endpoint]
@app.get("/price-by-loop")
async def price_by_loop() -> float:
    return asyncio.get_running_loop().run_until_complete(fetch_price())

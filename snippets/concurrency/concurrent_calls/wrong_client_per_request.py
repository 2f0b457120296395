from typing import Any

import httpx2
from fastapi import FastAPI

UPSTREAM = "https://shop.example"

app = FastAPI()


# --8<-- [start:client]
@app.get("/price")
async def price() -> Any:
    url = f"{UPSTREAM}/price"
    async with httpx2.AsyncClient() as client:
        response = await client.get(url)
    return response.json()


# --8<-- [end:client]

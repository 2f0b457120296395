from typing import Any

import httpx2
from fastapi import FastAPI

UPSTREAM = "https://shop.example"

app = FastAPI()


# --8<-- [start:client]
@app.get("/price")
async def price() -> Any:
    async with httpx2.AsyncClient(base_url=UPSTREAM) as client:
        response = await client.get("/price")
    return response.json()


# --8<-- [end:client]

from typing import Any

import httpx2
from fastapi import FastAPI

app = FastAPI()
client = httpx2.AsyncClient(base_url="https://rates.example.com")


# --8<-- [start:check]
@app.get("/rates/{currency}")
async def read_rate(currency: str) -> Any:
    response = await client.get(f"/v1/rates/{currency}")
    return response.json()


# --8<-- [end:check]

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Request

UPSTREAM = "https://shop.example"


# --8<-- [start:client]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with httpx2.AsyncClient(base_url=UPSTREAM) as client:
        yield {"client": client}


async def get_client(request: Request) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = request.state.client
    return client


app = FastAPI(lifespan=lifespan)
Client = Annotated[httpx2.AsyncClient, Depends(get_client)]
# --8<-- [end:client]


@app.get("/price")
async def price(client: Client) -> Any:
    response = await client.get("/price")
    return response.json()

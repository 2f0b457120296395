import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, HTTPException, Request


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with httpx2.AsyncClient(base_url="https://shop.example") as client:
        yield {"client": client}


async def get_client(request: Request) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = request.state.client
    return client


app = FastAPI(lifespan=lifespan)
Client = Annotated[httpx2.AsyncClient, Depends(get_client)]


# --8<-- [start:endpoint]
async def fetch(client: httpx2.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    if response.status_code == 404:
        raise HTTPException(404, "No such product")
    return response.json()


@app.get("/product")
async def product(client: Client) -> dict[str, Any]:
    async with asyncio.TaskGroup() as group:
        price = group.create_task(fetch(client, "/price"))
        stock = group.create_task(fetch(client, "/stock"))
    return {"price": price.result(), "stock": stock.result()}


# --8<-- [end:endpoint]

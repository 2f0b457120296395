import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Request


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with httpx2.AsyncClient(base_url="https://shop.example") as client:
        yield {"client": client}


async def get_client(request: Request) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = request.state.client
    return client


app = FastAPI(lifespan=lifespan)
Client = Annotated[httpx2.AsyncClient, Depends(get_client)]


# --8<-- [start:fetch_and_endpoint]
async def fetch(client: httpx2.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


# --8<-- [start:endpoint]
@app.get("/product")
async def product(client: Client) -> dict[str, Any]:
    async with asyncio.TaskGroup() as group:
        price = group.create_task(fetch(client, "/price"))
        stock = group.create_task(fetch(client, "/stock"))
        rating = group.create_task(fetch(client, "/rating"))
    return {
        "price": price.result(),
        "stock": stock.result(),
        "rating": rating.result(),
    }


# --8<-- [end:endpoint]
# --8<-- [end:fetch_and_endpoint]

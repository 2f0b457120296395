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


async def fetch(client: httpx2.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


# --8<-- [start:endpoint]
@app.get("/product")
async def product(client: Client) -> dict[str, Any]:
    try:
        async with asyncio.TaskGroup() as group:
            price = group.create_task(fetch(client, "/price"))
            stock = group.create_task(fetch(client, "/stock"))
    except* httpx2.HTTPError as errors:
        raise HTTPException(502, "The shop failed") from errors
    return {"price": price.result(), "stock": stock.result()}


# --8<-- [end:endpoint]

# --8<-- [start:program]
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic_core import from_json

UPSTREAM = "https://shop.example"
DEADLINE = 2.0  # seconds, for all calls together
AT_A_TIME = 5


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # stores nothing
    async with httpx2.AsyncClient(base_url=UPSTREAM, cookies=jar) as client:
        yield {"client": client}  # one client for all requests


async def get_client(request: Request) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = request.state.client
    return client


app = FastAPI(lifespan=lifespan)
Client = Annotated[httpx2.AsyncClient, Depends(get_client)]


async def fetch(client: httpx2.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return from_json(response.content, allow_inf_nan=False)


@app.get("/prices")
async def prices(client: Client) -> list[Any]:
    limit = asyncio.Semaphore(AT_A_TIME)

    async def fetch_price(number: int) -> Any:
        async with limit:
            return await fetch(client, f"/price/{number}")

    try:
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetch_price(n)) for n in range(20)]
    except* (httpx2.HTTPError, ValueError) as errors:  # ValueError: no JSON
        raise HTTPException(502, "The shop failed") from errors
    except* TimeoutError:
        raise HTTPException(504, "The shop is too slow") from None
    return [task.result() for task in tasks]


# --8<-- [end:program]

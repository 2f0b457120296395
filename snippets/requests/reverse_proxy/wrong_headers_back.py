from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI, Request, Response

UPSTREAM = "http://127.0.0.1:8001"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with httpx2.AsyncClient() as client:
        yield {"client": client}


app = FastAPI(lifespan=lifespan)


# --8<-- [start:endpoint]
@app.get("/orders")
async def orders(request: Request) -> Response:
    client: httpx2.AsyncClient = request.state.client
    answer = await client.send(httpx2.Request("GET", f"{UPSTREAM}/orders"))
    return Response(answer.content, answer.status_code, headers=answer.headers)


# --8<-- [end:endpoint]

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI, Request, Response

UPSTREAM = "http://127.0.0.1:8001"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with httpx2.AsyncClient(base_url=UPSTREAM) as client:
        yield {"client": client}


app = FastAPI(lifespan=lifespan)


# --8<-- [start:endpoint]
@app.get("/account")
async def account(request: Request) -> Response:
    client: httpx2.AsyncClient = request.state.client
    sent = {"cookie": request.headers["cookie"]} if request.cookies else {}
    answer = await client.get("/account", headers=sent)
    return Response(answer.content, answer.status_code)


# --8<-- [end:endpoint]

import functools
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request

app = FastAPI()
TOKENS: dict[str, str] = {}
Endpoint = Callable[[Request], Awaitable[list[str]]]


def login_required(endpoint: Endpoint) -> Endpoint:
    @functools.wraps(endpoint)
    async def wrapper(request: Request) -> list[str]:
        if request.headers.get("Authorization") not in TOKENS:
            raise HTTPException(401)
        return await endpoint(request)

    return wrapper


# --8<-- [start:endpoint]
@login_required
@app.get("/invoices")
async def invoices(request: Request) -> list[str]:
    return ["INV-1"]


# --8<-- [end:endpoint]

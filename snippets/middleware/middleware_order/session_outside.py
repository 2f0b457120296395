import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.sessions import SessionMiddleware

KEY = os.environ.get("SESSION_KEY") or secrets.token_hex()  # never an empty key


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not os.environ.get("SESSION_KEY"):  # each worker would have another key
        raise RuntimeError("The setting SESSION_KEY is missing")
    yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:order]
@app.middleware("http")
async def add_language(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    language = request.session.get("language", "en")
    response = await call_next(request)
    response.headers["Content-Language"] = language
    return response


# added later, so it is outside and runs first
app.add_middleware(SessionMiddleware, secret_key=KEY)
# --8<-- [end:order]


@app.put("/language/{language}")
def choose(language: Literal["de", "en"], request: Request) -> None:
    request.session["language"] = language

# --8<-- [start:program]
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import ClientDisconnect


class Settings(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True)
    hook_secret: SecretStr = Field(min_length=16)  # HOOK_SECRET, as the sender has it


@lru_cache
def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    get_settings()  # without the secret the application does not start
    yield


app = FastAPI(lifespan=lifespan, max_body_size=1_000_000)  # bytes


def is_signed(request: Request, body: bytes) -> bool:
    sent = request.headers.get("X-Signature", "")
    secret = get_settings().hook_secret.get_secret_value().encode()
    digest = hmac.digest(secret, body, "sha256").hex()
    return hmac.compare_digest(sent.encode(), digest.encode())


@app.middleware("http")
async def check_signature(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    try:
        body = await request.body()  # kept for the path operation
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    if not is_signed(request, body):
        return JSONResponse({"detail": "Wrong signature"}, 403)
    return await call_next(request)


@app.post("/hook")
async def hook(event: dict[str, str]) -> dict[str, int]:
    return {"received": len(event)}


# --8<-- [end:program]

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


# --8<-- [start:settings]
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", hide_input_in_errors=True)

    docs_password: Annotated[SecretStr, Field(min_length=16)]


@lru_cache
def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    get_settings()  # without them the application does not start
    yield


# --8<-- [end:settings]


# --8<-- [start:docs]
def require_docs_password(
    credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())],
    settings: Annotated[Settings, Depends(get_settings)],
) -> None:
    given = credentials.password.encode()
    expected = settings.docs_password.get_secret_value().encode()
    if not secrets.compare_digest(given, expected):
        raise HTTPException(401, "Wrong password", {"WWW-Authenticate": "Basic"})


app = FastAPI(lifespan=lifespan, openapi_url=None)
docs = APIRouter(dependencies=[Depends(require_docs_password)], include_in_schema=False)


@docs.get("/openapi.json")
async def openapi() -> dict[str, Any]:
    return app.openapi()


@docs.get("/docs")
async def swagger_ui() -> HTMLResponse:
    return get_swagger_ui_html(openapi_url="/openapi.json", title="API")


app.include_router(docs)
# --8<-- [end:docs]


@app.get("/items")
async def items() -> list[str]:
    return []

# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Request
from pydantic import BeforeValidator, Field, PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict


def with_driver(url: object) -> object:
    """Heroku says postgres://, SQLAlchemy wants to know the driver."""
    if not isinstance(url, str):
        return url
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        scheme = "postgresql+psycopg"
    return f"{scheme}{separator}{rest}"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True)
    database_url: Annotated[
        PostgresDsn, BeforeValidator(with_driver), Field(repr=False)
    ]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"settings": Settings()}  # no start without them


app = FastAPI(lifespan=lifespan)


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/driver")
async def driver(request: Request) -> str:
    settings: Settings = request.state.settings
    return settings.database_url.scheme


# --8<-- [end:program]

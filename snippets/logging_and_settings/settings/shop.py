# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SHOP_",
        env_file=".env",
        env_ignore_empty=True,  # SHOP_API_KEY= is a missing key
        extra="ignore",
        hide_input_in_errors=True,
    )
    api_key: SecretStr = Field(min_length=1)  # no default: required
    page_size: int = 20


@lru_cache
def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    get_settings()  # no start without them
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/page-size")
def page_size(settings: Annotated[Settings, Depends(get_settings)]) -> int:
    return settings.page_size


# --8<-- [end:program]

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BeforeValidator, PostgresDsn
from pydantic_settings import BaseSettings


# --8<-- [start:settings]
def with_driver(url: object) -> object:
    """Heroku says postgres://, SQLAlchemy wants to know the driver."""
    if not isinstance(url, str):
        return url
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        scheme = "postgresql+psycopg"
    return f"{scheme}{separator}{rest}"


class Settings(BaseSettings):
    database_url: Annotated[PostgresDsn, BeforeValidator(with_driver)]


# --8<-- [end:settings]
app = FastAPI()


def get_settings() -> Settings:
    return Settings()


@app.get("/database")
async def database(
    settings: Annotated[Settings, Depends(get_settings)],
) -> dict[str, str]:
    return {"scheme": settings.database_url.scheme}

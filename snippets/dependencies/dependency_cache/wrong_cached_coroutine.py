from functools import lru_cache
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Settings(BaseModel):
    sender: str = "shop@example.org"


# --8<-- [start:settings]
@lru_cache
async def get_settings() -> Settings:
    return Settings()


# --8<-- [end:settings]
@app.get("/sender")
async def sender(settings: Annotated[Settings, Depends(get_settings)]) -> str:
    return settings.sender

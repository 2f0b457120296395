from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI()


# --8<-- [start:model]
class Listing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100)
    tags: list[str] = Field(default=[], max_length=20)


@app.get("/items")
async def list_items(listing: Annotated[Listing, Query()]) -> Listing:
    return listing


# --8<-- [end:model]

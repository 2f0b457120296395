from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


# --8<-- [start:endpoint]
class Letter(BaseModel):
    kind: Literal["letter"]
    address: str


class Parcel(BaseModel):
    kind: Literal["parcel"]
    address: str
    weight: float


Item = Annotated[Letter | Parcel, Field(discriminator="kind")]


@app.post("/shipments")
async def ship(item: Item) -> Item:
    return item


# --8<-- [end:endpoint]

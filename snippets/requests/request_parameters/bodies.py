from typing import Annotated

from fastapi import Body, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


class Owner(BaseModel):
    email: str


# --8<-- [start:bodies]
@app.post("/one")  # {"name": "Lamp"}
async def one(item: Item) -> Item:
    return item


@app.post("/embedded")  # {"item": {"name": "Lamp"}}
async def embedded(item: Annotated[Item, Body(embed=True)]) -> Item:
    return item


@app.post("/two")  # {"item": {…}, "owner": {…}}
async def two(item: Item, owner: Owner) -> Item:
    return item


@app.post("/model-and-value")  # {"item": {…}, "urgent": true}
async def model_and_value(item: Item, urgent: Annotated[bool, Body()]) -> bool:
    return urgent


@app.post("/value")  # 3
async def value(amount: Annotated[int, Body()]) -> int:
    return amount


# --8<-- [end:bodies]


@app.post("/nullable")
async def nullable(amount: Annotated[int | None, Body()] = 5) -> int | None:
    return amount

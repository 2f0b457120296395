# --8<-- [start:operations]
from itertools import count

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI()


class Item(BaseModel):
    name: str = Field(max_length=80)


items = {1: Item(name="Lamp"), 2: Item(name="Desk")}
numbers = count(3)


@app.get("/items")
async def list_items(name: str | None = None) -> list[Item]:
    return [i for i in items.values() if name in (None, i.name)]


@app.get("/items/{item_id}", tags=["items"], summary="Read one item")
async def read_item(item_id: int) -> Item:
    if item_id not in items:
        raise HTTPException(404, "Item not found")
    return items[item_id]


@app.post("/items", status_code=201)
async def create_item(item: Item) -> Item:
    items[next(numbers)] = item
    return item


@app.delete("/items/{item_id}", status_code=204)
async def delete_item(item_id: int) -> None:
    if items.pop(item_id, None) is None:
        raise HTTPException(404, "Item not found")


# --8<-- [end:operations]

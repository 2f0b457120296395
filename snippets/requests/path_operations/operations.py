from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


# --8<-- [start:operations]
@app.get("/items/{item_id}")
async def read_item(item_id: int) -> Item:
    return Item(name=f"Item {item_id}")


@app.post("/items", status_code=201)
async def create_item(item: Item) -> Item:
    return item


@app.delete("/items/{item_id}", status_code=204)
async def delete_item(item_id: int) -> None:
    pass


# --8<-- [end:operations]


# --8<-- [start:other]
async def replace_item(item_id: int, item: Item) -> Item:
    return item


app.add_api_route("/items/{item_id}", replace_item, methods=["PUT"])


@app.api_route("/search", methods=["QUERY"])
async def search(item: Item) -> list[Item]:
    return [item]


# --8<-- [end:other]

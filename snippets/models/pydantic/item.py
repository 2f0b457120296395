# --8<-- [start:program]
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float
    tax: float | None = None


@app.post("/items")
def create_item(item: Item) -> Item:
    return item


# --8<-- [end:program]

from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
stored: dict[int, Any] = {1: {"price": "free"}, 2: {"price": "free"}}


# --8<-- [start:app]
class Item(BaseModel):
    price: int


@app.get("/items/{item_id}", response_model=Item)
async def read_item(item_id: int) -> Any:
    if item_id == 0:
        raise HTTPException(status_code=404, detail="no such item")
    if item_id == 1:
        return stored[1]  # does not fit the response model
    if item_id == 2:
        return Item(**stored[2])  # pydantic.ValidationError, raised by our code
    return stored[item_id]  # KeyError


# --8<-- [end:app]

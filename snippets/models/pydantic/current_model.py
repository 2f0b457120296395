# --8<-- [start:model]
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.post("/items")
async def create_item(item: Item) -> None: ...


# --8<-- [end:model]

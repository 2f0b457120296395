from fastapi import FastAPI
from pydantic.v1 import BaseModel

app = FastAPI()


# --8<-- [start:model]
class Item(BaseModel):  # from pydantic.v1 import BaseModel
    name: str


@app.post("/items")
async def create_item(item: Item) -> None: ...


# --8<-- [end:model]

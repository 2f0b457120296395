# --8<-- [start:app]
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Order(BaseModel):
    item: str
    boxes: int = Field(gt=0)


class Receipt(BaseModel):
    item: str
    pieces: int


def pieces_in_a_box() -> int:
    return 6


@app.get("/")
def read_root() -> dict[str, str]:
    return {"shop": "open"}


@app.post("/orders", status_code=201)
def create_order(
    order: Order, size: Annotated[int, Depends(pieces_in_a_box)]
) -> Receipt:
    return Receipt(item=order.item, pieces=order.boxes * size)


# --8<-- [end:app]

# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from pydantic import BaseModel, Field

app = FastAPI()


class Order(BaseModel):
    product_id: int = Field(ge=1, le=1_000_000)
    boxes: int = Field(ge=1, le=1_000)


orders: dict[int, Order] = {1: Order(product_id=7, boxes=2)}


@app.get("/orders/{order_id}")
def read_order(order_id: Annotated[int, Path(ge=1)]) -> Order:
    if order_id not in orders:
        raise HTTPException(404, "Unknown order")
    return orders[order_id]


# --8<-- [end:program]

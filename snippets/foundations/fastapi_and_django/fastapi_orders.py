# --8<-- [start:orders]
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Order(BaseModel):
    item: str = Field(min_length=1, max_length=50)
    boxes: int = Field(ge=1, le=100)


class Receipt(BaseModel):
    item: str
    pieces: int


@app.post("/orders", status_code=201)
def create_order(order: Order) -> Receipt:
    return Receipt(item=order.item, pieces=order.boxes * 6)


# --8<-- [end:orders]

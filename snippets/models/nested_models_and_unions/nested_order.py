# --8<-- [start:program]
from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()
Text = Annotated[str, Field(max_length=200)]


class Line(BaseModel):
    product: Text
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1


class Card(BaseModel):
    kind: Literal["card"]
    number: Text


class Transfer(BaseModel):
    kind: Literal["transfer"]
    iban: Text


Payment = Annotated[Card | Transfer, Field(discriminator="kind")]


class Order(BaseModel):
    lines: Annotated[list[Line], Field(min_length=1, max_length=100)]
    payment: Payment


@app.post("/orders", status_code=201)
async def create_order(order: Order) -> Order:
    match order.payment:
        case Card():
            print("charge a card of", len(order.payment.number), "digits")
        case Transfer():
            print("wait for the money")
    return order


# --8<-- [end:program]

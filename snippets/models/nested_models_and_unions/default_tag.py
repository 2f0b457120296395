# --8<-- [start:program]
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Discriminator, Tag

app = FastAPI()


class Card(BaseModel):
    kind: Literal["card"] = "card"
    number: str


class Transfer(BaseModel):
    kind: Literal["transfer"]
    iban: str


def kind_of(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("kind", "card")  # old clients send no kind
    return getattr(value, "kind", None)


Payment = Annotated[
    Annotated[Card, Tag("card")] | Annotated[Transfer, Tag("transfer")],
    Discriminator(kind_of),
]


@app.post("/payments")
async def pay(payment: Payment) -> Payment:
    return payment


# --8<-- [end:program]

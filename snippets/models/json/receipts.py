# --8<-- [start:program]
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI
from pydantic import AwareDatetime, Base64Bytes, BaseModel, Field

app = FastAPI()


class Method(StrEnum):
    CARD = "card"
    CASH = "cash"


class Receipt(BaseModel):
    id: UUID
    paid_at: AwareDatetime
    total: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
    took: timedelta
    method: Method
    tags: Annotated[set[str], Field(max_length=10, fail_fast=True)]
    scan: Annotated[Base64Bytes, Field(max_length=10_000)]
    rating: Annotated[float, Field(allow_inf_nan=False)]


@app.post("/receipts", status_code=201)
async def create_receipt(receipt: Receipt) -> Receipt:
    return receipt


# --8<-- [end:program]

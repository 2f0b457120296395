# --8<-- [start:module]
from pydantic import BaseModel, Field


class OrderIn(BaseModel):
    product_id: int = Field(ge=1, le=1_000_000)
    boxes: int = Field(ge=1, le=1_000)


class OrderOut(OrderIn):
    id: int


# --8<-- [end:module]

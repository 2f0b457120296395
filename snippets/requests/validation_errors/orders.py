# --8<-- [start:order]
from datetime import date

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI()


class Line(BaseModel):
    product: str = Field(min_length=3)
    quantity: int = Field(gt=0)


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: list[Line] = Field(max_length=100)
    due: date | None = None


@app.post("/shops/{shop_id}/orders")
async def create_order(shop_id: int, order: Order, dry_run: bool = False) -> Order:
    return order


# --8<-- [end:order]

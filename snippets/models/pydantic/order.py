# --8<-- [start:application]
from datetime import date
from typing import Annotated, Literal

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

app = FastAPI()


class NewOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item: Annotated[str, Field(min_length=1, max_length=50)]
    quantity: Annotated[int, Field(ge=1, le=100)]
    deliver_on: date

    @field_validator("deliver_on")
    @classmethod
    def not_on_sunday(cls, day: date) -> date:
        if day.isoweekday() == 7:
            raise ValueError("no delivery on Sundays")
        return day


class Order(NewOrder):
    id: int


class Page(BaseModel):
    sort: Literal["id", "date"] = "id"
    limit: Annotated[int, Field(ge=1, le=100)] = 20


@app.post("/orders", status_code=201)
async def create_order(new: NewOrder) -> Order:
    return Order(id=1, **new.model_dump())


@app.get("/orders")
async def list_orders(page: Annotated[Page, Query()]) -> Page:
    return page


# --8<-- [end:application]

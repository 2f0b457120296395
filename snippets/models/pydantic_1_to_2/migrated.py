# --8<-- [start:program]
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

app = FastAPI()


Price = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=2)]


class NewProduct(BaseModel):
    model_config = ConfigDict(extra="forbid")  # was: class Config

    code: Annotated[
        str, Field(pattern=r"^[A-Z]{3}[0-9]+$", max_length=20)
    ]  # was: regex=
    price: Price
    offer: Price | None = None  # the default has to be written
    tags: Annotated[list[str], Field(max_length=10)] = []  # was: max_items=

    @field_validator("tags")  # was: @validator
    @classmethod
    def lower(cls, tags: list[str]) -> list[str]:
        return [tag.lower() for tag in tags]

    @model_validator(mode="after")  # was: @root_validator
    def offer_is_lower(self) -> "NewProduct":
        if self.offer is not None and self.offer >= self.price:
            raise ValueError("the offer is not below the price")
        return self


class ProductOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)  # was: orm_mode

    code: str
    price: Decimal


class Row:
    def __init__(self, code: str, price: Decimal) -> None:
        self.code, self.price = code, price


rows = {"TEA1": Row("TEA1", Decimal("4.50"))}


@app.post("/products", status_code=201)
async def create_product(new: NewProduct) -> ProductOut:
    values = new.model_dump(include={"code", "price"})  # was: .dict()
    return ProductOut.model_validate(values)  # was: .parse_obj()


@app.get("/products/{code}")
async def read_product(code: str) -> ProductOut:
    if code not in rows:
        raise HTTPException(404, "No such product")
    return ProductOut.model_validate(rows[code])  # was: .from_orm()


# --8<-- [end:program]

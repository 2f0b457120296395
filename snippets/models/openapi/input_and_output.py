# --8<-- [start:endpoint]
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel, Field, computed_field

app = FastAPI()


class Price(BaseModel):
    net: Decimal = Field(max_digits=9)

    @computed_field
    def gross(self) -> Decimal:
        return self.net * Decimal("1.2")


@app.post("/prices")
def create_price(price: Price) -> Price:
    return price


# --8<-- [end:endpoint]

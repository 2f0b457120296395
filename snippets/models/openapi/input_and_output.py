# --8<-- [start:endpoint]
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel, computed_field

app = FastAPI()


class Price(BaseModel):
    net: Decimal

    @computed_field
    def gross(self) -> Decimal:
        return self.net * Decimal("1.2")


@app.post("/prices")
def create_price(price: Price) -> Price:
    return price


# --8<-- [end:endpoint]

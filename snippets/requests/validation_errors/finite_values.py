from fastapi import FastAPI
from pydantic import BaseModel, Field, FiniteFloat

app = FastAPI()


# --8<-- [start:model]
class Price(BaseModel):
    amount: FiniteFloat = Field(gt=0)
    label: str = Field(max_length=80)


# --8<-- [end:model]


@app.post("/prices")
async def set_price(price: Price) -> Price:
    return price

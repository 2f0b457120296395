from fastapi import FastAPI
from pydantic import BaseModel


class Order(BaseModel):
    id: int
    item: str


app = FastAPI()
TABLE = [Order(id=n, item="tea") for n in range(1, 10_001)]


# --8<-- [start:orders]
@app.get("/orders")
async def orders() -> list[Order]:
    return TABLE


# --8<-- [end:orders]

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel


class Order(BaseModel):
    id: int
    item: str


app = FastAPI()
TABLE = [Order(id=n, item="tea") for n in range(1, 10_001)]


# --8<-- [start:orders]
Limit = Annotated[int, Query(ge=1, le=100)]


@app.get("/orders")
async def orders(
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Limit = 50,
) -> list[Order]:
    rows = [o for o in TABLE if o.id > after]
    return rows[:limit]  # in SQL: LIMIT


# --8<-- [end:orders]

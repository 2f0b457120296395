# --8<-- [start:orders]
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query

app = FastAPI()
orders = ["lamp", "desk", "chair"]  # stands for a database
shop = {"open": True}


# Define: a function with the parameters that it needs.
def paging(
    skip: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 2,
) -> slice:
    return slice(skip, skip + limit)


# An alias keeps type and dependency in one place.
Page = Annotated[slice, Depends(paging)]


# Use it for its result: a parameter receives what it returns.
@app.get("/orders")
def list_orders(page: Page) -> list[str]:
    return orders[page]


def shop_is_open() -> None:
    if not shop["open"]:
        raise HTTPException(503, "The shop is closed")


# Use it for its effect: nobody needs the result.
@app.post("/orders/{name}", dependencies=[Depends(shop_is_open)])
def add_order(name: str) -> int:
    orders.append(name)
    return len(orders)


# --8<-- [end:orders]

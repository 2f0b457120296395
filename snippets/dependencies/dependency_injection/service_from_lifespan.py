from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict, cast

from fastapi import Depends, FastAPI, Request


class Mailer:
    def confirm(self, order_id: int) -> str:
        return f"order {order_id} confirmed"


# --8<-- [start:service]
class Orders:  # knows nothing of FastAPI
    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer

    def place(self, order_id: int) -> str:
        return self.mailer.confirm(order_id)


def nightly_job() -> str:
    return Orders(Mailer()).place(7)


# --8<-- [end:service]
# --8<-- [start:wiring]
class State(TypedDict):
    orders: Orders


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[State]:
    yield {"orders": Orders(Mailer())}  # built once, by hand


def get_orders(request: Request) -> Orders:
    return cast(Orders, request.state.orders)


app = FastAPI(lifespan=lifespan)


@app.post("/orders/{order_id}")
def order(order_id: int, orders: Annotated[Orders, Depends(get_orders)]) -> str:
    return orders.place(order_id)


# --8<-- [end:wiring]

from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


class Mailer:
    def confirm(self, order_id: int) -> str:
        return f"order {order_id} confirmed"


# --8<-- [start:service]
class Orders:
    def __init__(
        self,
        mailer: Mailer = Depends(Mailer),
    ) -> None:
        self.mailer = mailer

    def place(self, order_id: int) -> str:
        return self.mailer.confirm(order_id)


def nightly_job() -> str:
    return Orders().place(7)


# --8<-- [end:service]
@app.post("/orders/{order_id}")
def order(order_id: int, orders: Annotated[Orders, Depends()]) -> str:
    return orders.place(order_id)

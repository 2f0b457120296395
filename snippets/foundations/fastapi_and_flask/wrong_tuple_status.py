# --8<-- [start:order]
from typing import Any

from fastapi import FastAPI

app = FastAPI()
orders = {7: "tea"}


@app.get("/orders/{order_id}")
async def read_order(order_id: int) -> Any:
    if order_id not in orders:
        return {"error": "no such order"}, 404
    return {"item": orders[order_id]}


# --8<-- [end:order]

# --8<-- [start:order]
from fastapi import FastAPI, HTTPException

app = FastAPI()
orders = {7: "tea"}


@app.get("/orders/{order_id}")
async def read_order(order_id: int) -> dict[str, str]:
    if order_id not in orders:
        raise HTTPException(404, "no such order")
    return {"item": orders[order_id]}


# --8<-- [end:order]

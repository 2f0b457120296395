# --8<-- [start:order]
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders/{order_id}")
async def read_order(order_id: int) -> int:
    return order_id


# --8<-- [end:order]

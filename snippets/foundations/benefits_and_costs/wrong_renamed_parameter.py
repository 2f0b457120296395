# --8<-- [start:order]
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders/{order_id}")
async def read_order(number: int) -> int:
    return number


# --8<-- [end:order]

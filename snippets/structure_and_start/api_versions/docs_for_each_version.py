# --8<-- [start:program]
from fastapi import FastAPI

v1 = FastAPI(title="Shop", version="1.9")
v2 = FastAPI(title="Shop", version="2.0")


@v1.get("/orders")
def read_orders_v1() -> list[int]:
    return [1]


@v2.get("/orders")
def read_orders_v2() -> dict[str, list[int]]:
    return {"items": [1]}


app = FastAPI(openapi_url=None)
app.mount("/v1", v1)
app.mount("/v2", v2)
# --8<-- [end:program]

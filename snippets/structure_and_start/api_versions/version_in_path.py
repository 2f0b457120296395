from fastapi import APIRouter, FastAPI

# --8<-- [start:endpoints]
v1 = APIRouter(prefix="/v1")
v2 = APIRouter(prefix="/v2")


@v1.get("/orders")
def read_orders_v1() -> list[int]:
    return [1]


@v2.get("/orders")
def read_orders_v2() -> dict[str, list[int]]:
    return {"items": [1]}


# --8<-- [end:endpoints]
app = FastAPI()
app.include_router(v1)
app.include_router(v2)

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

orders = APIRouter()


@orders.get("/orders")
def read_orders() -> list[int]:
    return [1]


# --8<-- [start:ids]
def operation_id(route: APIRoute) -> str:
    return "-".join([*map(str, route.tags), route.name])


app = FastAPI(generate_unique_id_function=operation_id)
app.include_router(orders, prefix="/v1", tags=["v1"])
app.include_router(orders, prefix="/v2", tags=["v2"])
# --8<-- [end:ids]

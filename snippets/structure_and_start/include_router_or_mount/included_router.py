from fastapi import APIRouter, Depends, FastAPI, HTTPException


def closed() -> None:
    raise HTTPException(403, "Closed")


orders = APIRouter()
app = FastAPI(dependencies=[Depends(closed)])


@orders.get("/orders")
def read_orders() -> list[int]:
    return [1]


# --8<-- [start:include]
app.include_router(orders, prefix="/v1")
# --8<-- [end:include]

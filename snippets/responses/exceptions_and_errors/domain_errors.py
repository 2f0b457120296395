from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:handler]
class OutOfStock(Exception):
    """Raised by code that knows nothing of HTTP."""

    def __init__(self, item_id: int) -> None:
        self.item_id = item_id


@app.exception_handler(OutOfStock)
async def out_of_stock(request: Request, exc: OutOfStock) -> JSONResponse:
    content = {"detail": "out of stock", "item_id": exc.item_id}
    return JSONResponse(content, status_code=409)


@app.post("/orders/{item_id}")
async def order(item_id: int) -> None:
    raise OutOfStock(item_id)


# --8<-- [end:handler]

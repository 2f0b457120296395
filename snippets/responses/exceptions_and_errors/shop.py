# --8<-- [start:shop]
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()
stock = {1: 5, 2: 0}


class OutOfStock(Exception):  # an exception of your own
    def __init__(self, item_id: int) -> None:
        super().__init__(f"item {item_id} is out of stock")
        self.item_id = item_id


@app.exception_handler(OutOfStock)
async def out_of_stock(request: Request, exc: OutOfStock) -> JSONResponse:
    content = {"detail": "Out of stock", "item_id": exc.item_id}
    return JSONResponse(status_code=409, content=content)


def take(item_id: int) -> int:  # knows nothing of HTTP
    if stock[item_id] == 0:
        raise OutOfStock(item_id)
    stock[item_id] -= 1
    return stock[item_id]


@app.post("/orders/{item_id}")
async def order(item_id: int) -> int:
    if item_id not in stock:
        raise HTTPException(status_code=404, detail="Item not found")
    return take(item_id)


@app.get("/broken")
async def broken() -> float:
    return 1 / 0


# --8<-- [end:shop]

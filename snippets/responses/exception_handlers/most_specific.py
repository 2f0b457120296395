from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

app = FastAPI()


# --8<-- [start:handlers]
class ShopError(Exception):
    pass


class OutOfStock(ShopError):
    pass


@app.exception_handler(ShopError)
async def shop_error(request: Request, exc: ShopError) -> PlainTextResponse:
    return PlainTextResponse("shop error", status_code=400)


@app.exception_handler(404)
async def not_found(request: Request, exc: Exception) -> PlainTextResponse:
    return PlainTextResponse("nothing here", status_code=404)


# --8<-- [end:handlers]
@app.get("/order")
async def order() -> None:
    raise OutOfStock

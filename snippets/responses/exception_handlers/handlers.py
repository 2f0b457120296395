# --8<-- [start:handlers]
import logging

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

app = FastAPI()
logger = logging.getLogger(__name__)


class ShopError(Exception):
    pass


class OutOfStock(ShopError):
    pass


@app.exception_handler(ShopError)  # and its subclasses
async def shop_error(request: Request, exc: ShopError) -> JSONResponse:
    return JSONResponse({"detail": "The shop says no"}, status_code=409)


@app.exception_handler(StarletteHTTPException)  # 404, 405, HTTPException(…)
async def http_error(request: Request, exc: StarletteHTTPException) -> Response:
    logger.info("%r: %d", request.url.path, exc.status_code)
    return await http_exception_handler(request, exc)


@app.exception_handler(Exception)  # what nobody else handles
async def server_error(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"detail": "Sorry"}, status_code=500)


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> float:
    if item_id == 2:
        raise OutOfStock
    if item_id > 9:
        raise HTTPException(404, "No such item")
    return 10 / item_id


# --8<-- [end:handlers]

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Row(BaseModel):
    user: str
    salary: int


# --8<-- [start:handler]
class BadOrder(Exception):
    pass


@app.exception_handler(BadOrder)
async def bad_order(
    request: Request,
    exc: BadOrder,
) -> JSONResponse:
    return JSONResponse({"detail": "bad order"}, 400)


# --8<-- [end:handler]
@app.get("/salary")
async def salary() -> int:
    return Row.model_validate({"user": "alice", "salary": "90000 EUR"}).salary


@app.get("/order")
async def order() -> None:
    raise BadOrder

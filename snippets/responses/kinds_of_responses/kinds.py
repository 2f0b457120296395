# --8<-- [start:kinds]
from datetime import date

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    number: int
    due: date


@app.get("/orders")
async def list_orders() -> list[Order]:  # a value: JSON
    return [Order(number=7, due=date(2026, 12, 1))]


@app.post("/orders", status_code=201)
async def create_order(order: Order, response: Response) -> Order:
    response.headers["Location"] = f"/orders/{order.number}"
    response.set_cookie(
        "last", str(order.number), httponly=True, secure=True, samesite="lax"
    )
    return order  # the body; FastAPI adds header and cookie


@app.delete("/orders/7", status_code=204)
async def delete_order() -> None:  # no body
    pass


@app.get("/page", response_class=HTMLResponse)
async def page() -> str:
    return "<h1>Orders</h1>"


@app.post("/form")
async def form() -> RedirectResponse:  # a Response: sent as it is
    return RedirectResponse("/page", status_code=303)


# --8<-- [end:kinds]

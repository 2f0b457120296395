import asyncio
from collections.abc import Iterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, field_serializer, field_validator

app = FastAPI()
seen: list[tuple[str, str]] = []


def note(what: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        seen.append((what, "worker thread"))
    else:
        seen.append((what, "event loop"))


class Order(BaseModel):
    quantity: int

    @field_validator("quantity")
    @classmethod
    def positive(cls, quantity: int) -> int:
        note("validation of the request body")
        return quantity


class Receipt(BaseModel):
    total: int

    @field_validator("total")
    @classmethod
    def positive(cls, total: int) -> int:
        note("validation of the returned value")
        return total

    @field_serializer("total")
    def euros(self, total: int) -> str:
        note("serialization of the response")
        return f"{total} EUR"


# --8<-- [start:app]
def get_session() -> Iterator[str]:
    note("dependency, up to yield")
    yield "session"
    note("dependency, after yield")


class Pricing:
    def __init__(self, currency: str = "EUR") -> None:
        note("class as a dependency")


def send_mail() -> None:
    note("background task")


@app.post("/orders", response_model=Receipt)
def create_order(
    order: Order,
    session: Annotated[str, Depends(get_session)],
    pricing: Annotated[Pricing, Depends()],
    tasks: BackgroundTasks,
) -> dict[str, int]:
    note("path operation")
    tasks.add_task(send_mail)
    return {"total": 3}


@app.exception_handler(LookupError)
def not_found(request: Request, error: LookupError) -> JSONResponse:
    note("exception handler")
    return JSONResponse({"detail": "Not Found"}, status_code=404)


# --8<-- [end:app]
def find_order() -> None:
    note("def helper, called by an async def endpoint")
    raise LookupError


@app.get("/orders/1")
async def read_order() -> None:
    find_order()

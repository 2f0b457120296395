from datetime import UTC, datetime

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoints]
class Order(BaseModel):
    number: int
    placed: datetime


@app.get("/dict")
async def as_dict() -> dict[str, int]:
    return {"open": 3}


@app.get("/models")
async def as_models() -> list[Order]:
    return [Order(number=7, placed=datetime(2026, 11, 24, 9, 30, tzinfo=UTC))]


@app.get("/string")
async def as_string() -> str:
    return "hello"


@app.get("/none")
async def as_none() -> None: ...


@app.delete("/orders/7", status_code=204)
async def delete_order() -> None: ...


# --8<-- [end:endpoints]

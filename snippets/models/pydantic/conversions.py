from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI()


# --8<-- [start:models]
class Lax(BaseModel):
    count: int | None = None
    done: bool | None = None
    name: str | None = None


class Strict(Lax):
    model_config = ConfigDict(strict=True)


# --8<-- [end:models]
# --8<-- [start:field]
class Payment(BaseModel):
    amount: Annotated[int, Field(strict=True)]


# --8<-- [end:field]
@app.post("/lax")
async def lax(body: Lax) -> Any:
    return body


@app.post("/strict")
async def strict(body: Strict) -> Any:
    return body


@app.post("/payments")
async def pay(payment: Payment) -> Payment:
    return payment


@app.get("/query")
async def query(count: int | None = None, done: bool | None = None) -> Any:
    return {"count": count, "done": done}

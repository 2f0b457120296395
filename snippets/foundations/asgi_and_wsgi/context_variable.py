# --8<-- [start:user]
import asyncio
from contextvars import ContextVar
from typing import Annotated

from fastapi import FastAPI, Header

app = FastAPI()


current_user: ContextVar[str] = ContextVar("current_user")


async def load_orders() -> None:
    await asyncio.sleep(0.1)  # stands for a query


@app.get("/orders")
async def orders(x_user: Annotated[str, Header()]) -> str:
    current_user.set(x_user)
    await load_orders()
    return f"orders of {current_user.get()}"


# --8<-- [end:user]

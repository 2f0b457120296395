# --8<-- [start:user]
import asyncio
import threading
from typing import Annotated

from fastapi import FastAPI, Header

app = FastAPI()


current = threading.local()


async def load_orders() -> None:
    await asyncio.sleep(0.1)  # stands for a query


@app.get("/orders")
async def orders(x_user: Annotated[str, Header()]) -> str:
    current.user = x_user
    await load_orders()  # meanwhile the thread serves others
    return f"orders of {current.user}"


# --8<-- [end:user]

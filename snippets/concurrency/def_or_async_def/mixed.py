import asyncio
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


async def ask_identity_provider(token: str) -> str:
    await asyncio.sleep(0)  # stands for a call with an asynchronous HTTP client
    return "ada"


def query_database() -> list[int]:
    return [1, 2, 3]  # stands for a query with a synchronous driver


# --8<-- [start:endpoint]
async def current_user(token: str) -> str:
    return await ask_identity_provider(token)  # asynchronous client


def load_orders() -> list[int]:
    return query_database()  # synchronous driver


@app.get("/orders")
async def read_orders(
    user: Annotated[str, Depends(current_user)],
    orders: Annotated[list[int], Depends(load_orders)],
) -> dict[str, str | int]:
    return {"user": user, "orders": len(orders)}  # waits for nothing


# --8<-- [end:endpoint]

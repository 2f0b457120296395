from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
events: list[str] = []


# --8<-- [start:tasks]
async def write_audit(order_id: int) -> None:
    events.append(f"task: audit of order {order_id}")


def send_receipt(order_id: int, copies: int) -> None:
    events.append(f"task: {copies} receipts for order {order_id}")


async def open_session() -> AsyncIterator[str]:
    events.append("dependency: opened")
    yield "session"
    events.append("dependency: closed")


@app.post("/orders/{order_id}", status_code=201)
async def create_order(
    order_id: int,
    background_tasks: BackgroundTasks,
    session: Annotated[str, Depends(open_session)],
) -> dict[str, int]:
    background_tasks.add_task(write_audit, order_id)
    background_tasks.add_task(send_receipt, order_id, copies=2)
    events.append("endpoint: returns")
    return {"order_id": order_id}


# --8<-- [end:tasks]

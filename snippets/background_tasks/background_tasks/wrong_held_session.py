from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
events: list[str] = []


async def open_session() -> AsyncIterator[str]:
    yield "session"
    events.append("session closed")


def send_receipt(order_id: int) -> None:
    events.append("receipt sent")


# --8<-- [start:endpoint]
@app.post("/orders/{order_id}", status_code=201)
async def create_order(
    order_id: int,
    background_tasks: BackgroundTasks,
    session: Annotated[str, Depends(open_session)],
) -> None:
    background_tasks.add_task(send_receipt, order_id)


# --8<-- [end:endpoint]

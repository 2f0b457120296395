from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
events: list[str] = []


async def open_session() -> AsyncIterator[str]:
    try:
        yield "session"
    except ConnectionError:
        events.append("the dependency sees ConnectionError")
        raise


# --8<-- [start:tasks]
async def update_search_index(order_id: int) -> None:
    events.append("the index task starts")
    raise ConnectionError("search is down")


async def send_receipt(order_id: int) -> None:
    events.append("the receipt is sent")


@app.post("/orders/{order_id}", status_code=201)
async def create_order(
    order_id: int,
    background_tasks: BackgroundTasks,
    session: Annotated[str, Depends(open_session)],
) -> None:
    background_tasks.add_task(update_search_index, order_id)
    background_tasks.add_task(send_receipt, order_id)


# --8<-- [end:tasks]

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
saved: list[int] = []


class Session:
    """Stands for a database session."""

    def __init__(self) -> None:
        self.new: list[int] = []

    def add(self, order_id: int) -> None:
        self.new.append(order_id)

    def commit(self) -> None:
        saved.extend(self.new)


# --8<-- [start:session]
async def get_session() -> AsyncIterator[Session]:
    session = Session()
    yield session
    session.commit()  # before the response, and so before the tasks


async def send_receipt(order_id: int) -> None:
    raise ConnectionError


@app.post("/orders/{order_id}", status_code=201)
async def create_order(
    order_id: int,
    background_tasks: BackgroundTasks,
    session: Annotated[Session, Depends(get_session, scope="function")],
) -> None:
    session.add(order_id)
    background_tasks.add_task(send_receipt, order_id)


# --8<-- [end:session]

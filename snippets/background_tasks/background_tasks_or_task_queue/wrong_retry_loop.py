import itertools
from asyncio import sleep

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
numbers = itertools.count(1)


async def call_webhook(order_id: int) -> None:
    raise ConnectionError


def save(item: str) -> int:
    return next(numbers)  # stands for the database


# --8<-- [start:task]
async def notify(order_id: int) -> None:
    for attempt in range(10):
        try:
            await call_webhook(order_id)
            break
        except ConnectionError:
            await sleep(2**attempt)


@app.post("/orders", status_code=201)
def create(
    item: str,
    tasks: BackgroundTasks,
) -> None:
    order_id = save(item)
    tasks.add_task(notify, order_id)


# --8<-- [end:task]

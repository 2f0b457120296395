from asyncio import sleep

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def call_webhook(order_id: int) -> None:
    raise ConnectionError


# --8<-- [start:task]
async def notify(order_id: int) -> None:
    for attempt in range(10):
        try:
            await call_webhook(order_id)
            break
        except ConnectionError:
            await sleep(2**attempt)


@app.post("/orders/{order_id}", status_code=201)
async def create(order_id: int, background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(notify, order_id)


# --8<-- [end:task]

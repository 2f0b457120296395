from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def index(order_id: int) -> None:
    raise ConnectionError("search is down")


# --8<-- [start:tasks]
async def update_search_index(order_id: int) -> None:
    await index(order_id)


async def send_receipt(order_id: int) -> None:
    print(f"receipt of order {order_id} sent")


@app.post("/orders/{order_id}", status_code=201)
async def create_order(order_id: int, background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(update_search_index, order_id)
    background_tasks.add_task(send_receipt, order_id)


# --8<-- [end:tasks]

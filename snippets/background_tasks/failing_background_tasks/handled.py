# --8<-- [start:program]
import logging

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
logger = logging.getLogger(__name__)


async def index(order_id: int) -> None:
    raise ConnectionError("search is down")  # stands for a search engine


async def update_search_index(order_id: int) -> None:
    try:
        await index(order_id)
    except Exception:
        logger.exception("order %s is not in the index", order_id)


async def send_receipt(order_id: int) -> None:
    print(f"receipt of order {order_id} sent")


@app.post("/orders/{order_id}", status_code=201)
async def create_order(order_id: int, background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(update_search_index, order_id)
    background_tasks.add_task(send_receipt, order_id)


# --8<-- [end:program]

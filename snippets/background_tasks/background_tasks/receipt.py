# --8<-- [start:program]
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def write_audit(order_id: int) -> None:
    print(f"task: audit of order {order_id}")


def send_receipt(order_id: int, copies: int) -> None:
    print(f"task: {copies} receipts for order {order_id}")


@app.post("/orders/{order_id}", status_code=201)
async def create_order(
    order_id: int, background_tasks: BackgroundTasks
) -> dict[str, int]:
    background_tasks.add_task(write_audit, order_id)
    background_tasks.add_task(send_receipt, order_id, copies=2)
    print("endpoint: returns")
    return {"order_id": order_id}


# --8<-- [end:program]

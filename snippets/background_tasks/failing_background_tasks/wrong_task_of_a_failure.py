from fastapi import BackgroundTasks, FastAPI, HTTPException

app = FastAPI()


def write_audit(order_id: int) -> None:
    print(f"order {order_id} was to be cancelled")


# --8<-- [start:endpoint]
@app.delete("/orders/{order_id}")
async def cancel(
    order_id: int,
    tasks: BackgroundTasks,
) -> None:
    tasks.add_task(write_audit, order_id)
    raise HTTPException(409, "Shipped already")


# --8<-- [end:endpoint]

from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()


def write_audit(order_id: int) -> None:
    print(f"order {order_id} was to be cancelled")


# --8<-- [start:endpoint]
@app.delete("/orders/{order_id}")
async def cancel(
    order_id: int,
    tasks: BackgroundTasks,
) -> JSONResponse:
    tasks.add_task(write_audit, order_id)
    detail = {"detail": "Shipped already"}
    return JSONResponse(detail, 409)


# --8<-- [end:endpoint]

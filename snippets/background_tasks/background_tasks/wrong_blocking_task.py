import time

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


# --8<-- [start:task]
async def send_receipt(order_id: int) -> None:
    time.sleep(5)  # stands for smtplib, requests …


@app.post("/orders/{order_id}", status_code=201)
async def create_order(order_id: int, background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(send_receipt, order_id)


# --8<-- [end:task]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

from fastapi import FastAPI, WebSocket
from pydantic import BaseModel, ValidationError

app = FastAPI()


# --8<-- [start:endpoint]
class Order(BaseModel):
    quantity: int
    price: int


@app.websocket("/orders")
async def orders(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        try:
            order = Order.model_validate_json(text)
        except ValidationError as error:
            await websocket.send_json({"errors": error.error_count()})
            continue
        total = order.quantity * order.price
        await websocket.send_json({"total": total})


# --8<-- [end:endpoint]

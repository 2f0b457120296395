from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError

app = FastAPI()


# --8<-- [start:endpoint]
class Order(BaseModel):
    quantity: int = Field(gt=0, le=1000)
    price: int = Field(ge=0, le=1_000_000)


def answer(text: str) -> dict[str, int]:
    try:
        order = Order.model_validate_json(text)
    except ValidationError as error:
        return {"errors": error.error_count()}
    return {"total": order.quantity * order.price}


@app.websocket("/orders")
async def orders(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):  # it left
        async for text in websocket.iter_text():
            await websocket.send_json(answer(text))


# --8<-- [end:endpoint]

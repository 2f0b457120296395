from typing import Any

from flask import Flask, request
from pydantic import BaseModel, ValidationError

app = Flask(__name__)


# --8<-- [start:orders]
class Order(BaseModel):
    item: str
    boxes: int


@app.post("/orders")
def create_order() -> tuple[dict[str, Any], int]:
    order = Order.model_validate(request.get_json())
    return {"item": order.item, "pieces": order.boxes * 6}, 201


@app.errorhandler(ValidationError)
def invalid(error: ValidationError) -> tuple[dict[str, Any], int]:
    return {"detail": error.errors(include_url=False, include_context=False)}, 422


# --8<-- [end:orders]

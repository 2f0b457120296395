# --8<-- [start:orders]
from typing import Any

from flask import Flask, request
from pydantic import BaseModel, Field, ValidationError

app = Flask(__name__)


class Order(BaseModel):
    item: str
    boxes: int = Field(ge=1, le=100)


@app.post("/orders")
def create_order() -> tuple[dict[str, Any], int]:
    try:
        order = Order.model_validate(request.get_json())
    except ValidationError as error:
        errors = error.errors(
            include_url=False, include_context=False, include_input=False
        )
        return {"detail": errors}, 422
    return {"item": order.item, "pieces": order.boxes * 6}, 201


# --8<-- [end:orders]

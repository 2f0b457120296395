# --8<-- [start:orders]
from typing import Any

from flask import Flask, request

app = Flask(__name__)


@app.post("/orders")
def create_order() -> tuple[dict[str, Any], int]:
    order = request.get_json()
    pieces = order["boxes"] * 6
    return {"item": order["item"], "pieces": pieces}, 201


# --8<-- [end:orders]

from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    customer: str


# --8<-- [start:endpoint]
@app.post("/orders")
def add_order(
    order: Annotated[str, Form()],
    contract: UploadFile,
) -> Order:
    return Order.model_validate_json(order)


# --8<-- [end:endpoint]

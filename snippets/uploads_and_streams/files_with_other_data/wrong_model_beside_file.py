from fastapi import FastAPI, UploadFile
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    customer: str


# --8<-- [start:endpoint]
@app.post("/orders")
def add_order(
    order: Order,
    contract: UploadFile,
) -> Order:
    return order


# --8<-- [end:endpoint]

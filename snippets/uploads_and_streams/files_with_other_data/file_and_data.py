# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from pydantic import BaseModel, Field, Json

app = FastAPI(max_body_size=20 * 1024 * 1024)


class Line(BaseModel):
    product: str
    quantity: int = Field(ge=1)


class Order(BaseModel):
    customer: str
    lines: list[Line] = Field(max_length=100)


@app.post("/documents")
def add_document(
    title: Annotated[str, Form(max_length=100)],
    pages: Annotated[int, Form(ge=1)],
    file: UploadFile,
) -> dict[str, object]:
    return {"title": title, "pages": pages, "size": file.size}


@app.post("/orders")
def add_order(
    order: Annotated[Json[Order], Form()],
    contract: UploadFile,
) -> dict[str, object]:
    return {"order": order, "size": contract.size}


# --8<-- [end:program]

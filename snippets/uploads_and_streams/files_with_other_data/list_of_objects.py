from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from pydantic import BaseModel, Field, Json

app = FastAPI(max_body_size=20 * 1024 * 1024)


class Line(BaseModel):
    product: str
    quantity: int = Field(ge=1)


# --8<-- [start:endpoint]
Lines = Annotated[list[Line], Field(max_length=100)]


@app.post("/lines")
def add_lines(
    lines: Annotated[Json[Lines], Form()],
    receipts: list[UploadFile],
) -> dict[str, int]:
    return {"lines": len(lines), "receipts": len(receipts)}


# --8<-- [end:endpoint]

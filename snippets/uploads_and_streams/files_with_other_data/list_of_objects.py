from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from pydantic import BaseModel, Field, Json

app = FastAPI()


class Line(BaseModel):
    product: str
    quantity: int = Field(ge=1)


# --8<-- [start:endpoint]
@app.post("/lines")
def add_lines(
    lines: Annotated[Json[list[Line]], Form()],
    receipts: list[UploadFile],
) -> dict[str, int]:
    return {"lines": len(lines), "receipts": len(receipts)}


# --8<-- [end:endpoint]

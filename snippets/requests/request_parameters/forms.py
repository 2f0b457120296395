# --8<-- [start:form]
from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from pydantic import BaseModel

app = FastAPI(max_body_size=20 * 1024 * 1024)


class Ticket(BaseModel):
    subject: str
    urgent: bool = False


@app.post("/tickets")
async def add_ticket(ticket: Annotated[Ticket, Form()]) -> Ticket:
    return ticket


@app.post("/documents")
async def add_document(
    title: Annotated[str, Form(max_length=80)],
    file: UploadFile,
) -> dict[str, str | int | None]:
    return {"title": title, "name": file.filename, "size": file.size}


# --8<-- [end:form]

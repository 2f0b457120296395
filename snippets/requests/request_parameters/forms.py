from typing import Annotated

from fastapi import FastAPI, Form, UploadFile

app = FastAPI()


# --8<-- [start:form]
@app.post("/documents")
async def add_document(
    title: Annotated[str, Form()],  # a field of the form
    file: UploadFile,  # a file of the form
) -> dict[str, str | int | None]:
    content = await file.read()
    return {"title": title, "name": file.filename, "size": len(content)}


# --8<-- [end:form]

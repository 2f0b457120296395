import os.path
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

app = FastAPI()
FOLDER = Path("invoices")


# --8<-- [start:file]
@app.get("/invoices/{number}")
def read_invoice(number: int) -> FileResponse:
    file = FOLDER / f"{number}.pdf"
    if not os.path.isfile(file):
        raise HTTPException(404, "No invoice")
    return FileResponse(file, filename=file.name)


# --8<-- [end:file]

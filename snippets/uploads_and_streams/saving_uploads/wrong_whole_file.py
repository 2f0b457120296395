from pathlib import Path

from fastapi import FastAPI, UploadFile

PATH = Path("report.pdf")

app = FastAPI()


# --8<-- [start:endpoint]
@app.post("/report")
async def save_report(file: UploadFile) -> None:
    PATH.write_bytes(await file.read())


# --8<-- [end:endpoint]

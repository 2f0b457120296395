import shutil
from pathlib import Path

from fastapi import FastAPI, UploadFile

FOLDER = Path("uploads")

app = FastAPI()


# --8<-- [start:endpoint]
@app.post("/files")
def save_file(file: UploadFile) -> None:
    path = FOLDER / (file.filename or "file")
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)


# --8<-- [end:endpoint]

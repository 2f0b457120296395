# --8<-- [start:program]
import shutil
from pathlib import Path, PurePath
from uuid import uuid4

from fastapi import FastAPI, HTTPException, UploadFile, status

FOLDER = Path("uploads")
SUFFIXES = {".jpg", ".pdf", ".png"}
LARGEST = 10 * 1024 * 1024

# The body is the file and a few lines around it.
app = FastAPI(max_body_size=LARGEST + 10_000)


@app.post("/files", status_code=status.HTTP_201_CREATED)
def save_file(file: UploadFile) -> dict[str, str]:
    suffix = PurePath(file.filename or "").suffix.lower()
    if suffix not in SUFFIXES:
        raise HTTPException(415, "Send a JPG, PDF or PNG file.")
    if file.size is None or file.size > LARGEST:
        raise HTTPException(413, "The file is too large.")
    return {"name": save(file, f"{uuid4().hex}{suffix}")}


def save(file: UploadFile, name: str) -> str:
    FOLDER.mkdir(exist_ok=True)
    partial = FOLDER / f"{name}.part"
    try:
        with partial.open("xb") as target:
            shutil.copyfileobj(file.file, target)
        partial.rename(FOLDER / name)
    finally:
        partial.unlink(missing_ok=True)
    return name


# --8<-- [end:program]

from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

app = FastAPI()


# --8<-- [start:file]
FOLDER = Path("reports").resolve()


@app.get("/reports/{path:path}")
def read_report(path: str) -> FileResponse:
    try:
        file = (FOLDER / path).resolve()
        found = file.is_file() and file.is_relative_to(FOLDER)
    except (OSError, ValueError):  # too long, NUL
        found = False
    if not found:
        raise HTTPException(404, "No such report")
    return FileResponse(file)


# --8<-- [end:file]

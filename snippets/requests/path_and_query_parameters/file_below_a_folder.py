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
        inside = file.is_relative_to(FOLDER)
        found = inside and file.is_file()
    except (OSError, ValueError):  # too long, NUL
        found = False
    if not found:
        raise HTTPException(404, "No such report")
    return FileResponse(file)


# --8<-- [end:file]

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse

app = FastAPI()


# --8<-- [start:file]
FOLDER = Path("reports").resolve()


@app.get("/reports/{path:path}")
def read_report(path: str) -> FileResponse:
    return FileResponse(FOLDER / path)


# --8<-- [end:file]

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/{path:path}")
def frontend(path: str) -> FileResponse:
    file = Path("dist") / path
    if file.is_file():
        return FileResponse(file)
    return FileResponse("dist/index.html")


# --8<-- [end:endpoint]

from tempfile import TemporaryDirectory

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
folder = TemporaryDirectory()
DIST = folder.name  # stands for the folder of the built frontend


# --8<-- [start:mount]
app.mount("/", StaticFiles(directory=DIST))


@app.get("/health")
async def health() -> str:
    return "ok"


# --8<-- [end:mount]

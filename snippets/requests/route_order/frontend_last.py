from tempfile import TemporaryDirectory

from fastapi import FastAPI

app = FastAPI()
folder = TemporaryDirectory()
DIST = folder.name  # stands for the folder of the built frontend


# --8<-- [start:frontend]
app.frontend("/", directory=DIST)


@app.get("/health")
async def health() -> str:
    return "ok"


# --8<-- [end:frontend]

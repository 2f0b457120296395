# --8<-- [start:program]
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
static = StaticFiles(directory=Path(__file__).parent / "static")
app.mount("/static", static, name="static")
# --8<-- [end:program]

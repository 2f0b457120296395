from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
# --8<-- [start:mount]
app.mount("/static", StaticFiles(directory="."))
# --8<-- [end:mount]

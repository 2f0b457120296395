from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from flask import Flask

legacy = Flask(__name__)


@legacy.post("/orders")
def create_order() -> dict[str, str]:
    return {"created by": "Flask"}


# --8<-- [start:mount]
app = FastAPI()
app.mount("/", WSGIMiddleware(legacy))


@app.get("/orders")
async def orders() -> list[str]:
    return ["read by FastAPI"]


# --8<-- [end:mount]

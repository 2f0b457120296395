# --8<-- [start:mount]
from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from flask import Flask, url_for

legacy = Flask(__name__)


@legacy.get("/invoices/<int:number>")
def invoice(number: int) -> dict[str, str]:
    return {"invoice": str(number), "url": url_for("invoice", number=number)}


app = FastAPI()


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


app.mount("/legacy", WSGIMiddleware(legacy))
# --8<-- [end:mount]

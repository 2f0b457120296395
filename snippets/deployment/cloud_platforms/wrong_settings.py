import os

from fastapi import FastAPI
from sqlalchemy import Engine, create_engine

app = FastAPI()


# --8<-- [start:settings]
def engine() -> Engine:
    url = os.environ.get("DATABASE_URL", "sqlite:///app.db")
    return create_engine(url)


# --8<-- [end:settings]
@app.get("/database")
def database() -> dict[str, str]:
    return {"dialect": engine().dialect.name}

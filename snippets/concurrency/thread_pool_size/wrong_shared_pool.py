import time

from fastapi import FastAPI

app = FastAPI()


def call_partner() -> dict[str, int]:
    time.sleep(60)
    return {"rows": 3}


# --8<-- [start:endpoint]
@app.get("/report")
def report() -> dict[str, int]:
    return call_partner()


# --8<-- [end:endpoint]
@app.get("/orders")
def orders() -> list[str]:
    return ["tea"]

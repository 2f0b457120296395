import time

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:blocking]
def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


@app.get("/direct")
async def direct() -> dict[str, int]:
    time.sleep(5)  # Ruff reports this one
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()  # and not this one


# --8<-- [end:blocking]

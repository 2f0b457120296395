import time

from fastapi import FastAPI

app = FastAPI()


def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


# --8<-- [start:endpoint]
@app.get("/report")
def report() -> dict[str, int]:
    return fetch_report()  # runs in a worker thread


# --8<-- [end:endpoint]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

import time

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


def fetch_report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


# --8<-- [start:endpoint]
@app.get("/report")
async def report() -> dict[str, int]:
    return await run_in_threadpool(fetch_report)


# --8<-- [end:endpoint]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

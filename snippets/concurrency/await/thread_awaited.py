import time

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


# --8<-- [start:endpoint]
def fetch_report() -> dict[str, int]:
    time.sleep(5)  # blocks a worker thread
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return await run_in_threadpool(fetch_report)


# --8<-- [end:endpoint]

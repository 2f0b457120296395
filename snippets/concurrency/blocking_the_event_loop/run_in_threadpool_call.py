# --8<-- [start:program]
import time

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


def fetch_report(year: int) -> dict[str, int]:
    time.sleep(5)  # stands for requests, psycopg2, boto3 …
    return {"year": year, "rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return await run_in_threadpool(fetch_report, 2026)


# --8<-- [end:program]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

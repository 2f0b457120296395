# --8<-- [start:program]
import time

from fastapi import FastAPI

app = FastAPI()


def fetch_report() -> dict[str, int]:
    time.sleep(5)  # stands for requests, psycopg2, boto3 …
    return {"rows": 3}


@app.get("/report")
def report() -> dict[str, int]:
    return fetch_report()  # runs in a worker thread


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


# --8<-- [end:program]

# mypy: disable-error-code="misc, no-any-return"
import time

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
def fetch_report() -> dict[str, int]:
    time.sleep(5)  # blocks
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return await fetch_report()


# --8<-- [end:endpoint]

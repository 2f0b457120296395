import time

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:blocking]
def fetch_report() -> dict[str, int]:
    time.sleep(5)  # or requests.get(...)
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return fetch_report()  # on the event loop


# --8<-- [end:blocking]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

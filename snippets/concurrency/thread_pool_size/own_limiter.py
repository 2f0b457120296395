import time

import anyio
import anyio.to_thread
from fastapi import FastAPI

app = FastAPI()


def call_partner() -> dict[str, int]:
    time.sleep(60)
    return {"rows": 3}


# --8<-- [start:endpoint]
partner_threads = anyio.CapacityLimiter(5)


@app.get("/report")
async def report() -> dict[str, int]:
    return await anyio.to_thread.run_sync(
        call_partner,
        limiter=partner_threads,
    )


# --8<-- [end:endpoint]
@app.get("/orders")
def orders() -> list[str]:
    return ["tea"]

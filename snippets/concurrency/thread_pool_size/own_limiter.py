import asyncio
import time

import anyio
import anyio.to_thread
from fastapi import FastAPI, HTTPException

app = FastAPI()


def call_partner() -> dict[str, int]:
    time.sleep(60)
    return {"rows": 3}


# --8<-- [start:endpoint]
partner_threads = anyio.CapacityLimiter(5)
partner_calls = asyncio.Semaphore(25)  # 5 run, 20 wait


@app.get("/report")
async def report() -> dict[str, int]:
    if partner_calls.locked():
        raise HTTPException(503, "The partner is slow")
    async with partner_calls:
        return await anyio.to_thread.run_sync(
            call_partner,
            limiter=partner_threads,
        )


# --8<-- [end:endpoint]
@app.get("/orders")
def orders() -> list[str]:
    return ["tea"]

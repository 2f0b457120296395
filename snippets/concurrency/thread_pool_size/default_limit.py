import time
from typing import Any

import anyio.to_thread
from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:status]
@app.get("/report")
def report() -> dict[str, int]:
    time.sleep(5)
    return {"rows": 3}


@app.get("/threads")
async def threads() -> dict[str, Any]:  # needs no thread itself
    limiter = anyio.to_thread.current_default_thread_limiter()
    return {
        "total": limiter.total_tokens,
        "borrowed": limiter.borrowed_tokens,
        "waiting": limiter.statistics().tasks_waiting,
    }


# --8<-- [end:status]

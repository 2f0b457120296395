import asyncio

from anyio import to_process
from fastapi import FastAPI, HTTPException

from snippets.concurrency.cpu_bound_work.model import score

app = FastAPI()
TIMEOUT = 10.0


# --8<-- [start:endpoint]
@app.get("/score")
async def read_score(text: str) -> float:
    try:
        async with asyncio.timeout(TIMEOUT):
            return await to_process.run_sync(score, text, cancellable=True)
    except TimeoutError:
        raise HTTPException(504, "The computation took too long") from None


# --8<-- [end:endpoint]

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request

from snippets.concurrency.cpu_bound_work.model import score


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=2, mp_context=context) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:jobs]
MAX_JOBS = 8
TIMEOUT = 10.0
jobs: set[Future[float]] = set()  # of this worker, submitted and not finished


@app.get("/score")
async def read_score(text: str, request: Request) -> float:
    if len(jobs) >= MAX_JOBS:
        raise HTTPException(503, "Busy", headers={"Retry-After": "5"})
    job = request.app.state.pool.submit(score, text)
    jobs.add(job)
    job.add_done_callback(jobs.discard)  # when the job ends, not when the wait ends
    try:
        async with asyncio.timeout(TIMEOUT):
            return await asyncio.wrap_future(job)
    except TimeoutError:
        raise HTTPException(504, "The computation takes too long") from None


# --8<-- [end:jobs]

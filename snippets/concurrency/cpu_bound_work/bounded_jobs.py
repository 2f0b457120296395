import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request


def score(text: str) -> float:
    return float(len(text))  # stands for seconds of computing


def new_pool() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=2, mp_context=context)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.pool = new_pool()
    try:
        yield
    finally:
        app.state.pool.shutdown(cancel_futures=True)


app = FastAPI(lifespan=lifespan)


# --8<-- [start:jobs]
MAX_JOBS = 8
TIMEOUT = 10.0
jobs: set[Future[float]] = set()  # of this worker, submitted and not finished


@app.get("/score")
async def read_score(text: str, request: Request) -> float:
    if len(jobs) >= MAX_JOBS:
        raise HTTPException(503, "Busy", headers={"Retry-After": "5"})
    state = request.app.state
    pool: ProcessPoolExecutor = state.pool
    try:
        job = pool.submit(score, text)
        jobs.add(job)
        job.add_done_callback(jobs.discard)  # when the job ends, not when the wait ends
        async with asyncio.timeout(TIMEOUT):
            return await asyncio.wrap_future(job)
    except TimeoutError:
        raise HTTPException(504, "The computation takes too long") from None
    except BrokenProcessPool:  # a process died, and the pool with it
        if state.pool is pool:
            state.pool = new_pool()
            pool.shutdown(wait=False)
        raise HTTPException(503, "Please try again") from None


# --8<-- [end:jobs]

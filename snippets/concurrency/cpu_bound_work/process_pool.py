import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

from snippets.concurrency.cpu_bound_work.model import load_model, score


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with ProcessPoolExecutor(
        max_workers=2,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=load_model,
    ) as pool:
        app.state.pool = pool
        yield


# --8<-- [end:lifespan]
app = FastAPI(lifespan=lifespan)


# --8<-- [start:endpoint]
@app.get("/score")
async def read_score(text: str, request: Request) -> float:
    loop = asyncio.get_running_loop()
    pool: ProcessPoolExecutor = request.app.state.pool
    return await loop.run_in_executor(pool, score, text)


# --8<-- [end:endpoint]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

# --8<-- [start:program]
import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI, Request


@cache  # once in each process
def load_model() -> dict[str, float]:
    return {"good": 1.0, "bad": -1.0}  # stands for joblib.load …


def score(text: str) -> float:
    weights = load_model()  # stands for seconds of computing
    return sum(weights.get(word, 0.0) for word in text.split())


def new_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=2,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=load_model,
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with new_pool() as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/score")
async def read_score(text: str, request: Request) -> float:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(request.app.state.pool, score, text)


# --8<-- [end:program]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

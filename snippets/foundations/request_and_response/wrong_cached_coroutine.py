# --8<-- [start:cache]
import asyncio
from datetime import date
from functools import lru_cache

from fastapi import FastAPI

app = FastAPI()


async def fetch_rates(day: date) -> dict[str, float]:
    await asyncio.sleep(0)  # stands for an HTTP call
    return {"EUR": 1.0}


@lru_cache
async def rates_of(day: date) -> dict[str, float]:
    return await fetch_rates(day)


@app.get("/rates/{day}")
async def rates(day: date) -> dict[str, float]:
    return await rates_of(day)


# --8<-- [end:cache]

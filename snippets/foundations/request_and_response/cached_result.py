# --8<-- [start:cache]
import asyncio
from datetime import date

from fastapi import FastAPI

app = FastAPI()
cache: dict[date, dict[str, float]] = {}


async def fetch_rates(day: date) -> dict[str, float]:
    await asyncio.sleep(0)  # stands for an HTTP call
    return {"EUR": 1.0}


async def rates_of(day: date) -> dict[str, float]:
    if day not in cache:
        rates = await fetch_rates(day)
        if len(cache) >= 128:
            del cache[next(iter(cache))]  # the oldest entry
        cache[day] = rates
    return cache[day]


@app.get("/rates/{day}")
async def rates(day: date) -> dict[str, float]:
    return await rates_of(day)


# --8<-- [end:cache]

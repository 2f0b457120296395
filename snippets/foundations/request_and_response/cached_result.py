import asyncio

from fastapi import FastAPI

app = FastAPI()


async def fetch_rates(day: str) -> dict[str, float]:
    await asyncio.sleep(0)  # stands for an HTTP call
    return {"EUR": 1.0}


# --8<-- [start:cache]
cache: dict[str, dict[str, float]] = {}


async def rates_of(day: str) -> dict[str, float]:
    if day not in cache:
        cache[day] = await fetch_rates(day)
    return cache[day]


@app.get("/rates/{day}")
async def rates(day: str) -> dict[str, float]:
    return await rates_of(day)


# --8<-- [end:cache]

# --8<-- [start:program]
import asyncio

from fastapi import FastAPI

app = FastAPI()


async def fetch_report() -> dict[str, int]:
    await asyncio.sleep(5)  # stands for httpx.AsyncClient, asyncpg …
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return await fetch_report()


# --8<-- [end:program]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

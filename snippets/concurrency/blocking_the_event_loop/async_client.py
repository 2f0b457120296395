import asyncio

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
async def fetch_report() -> dict[str, int]:
    await asyncio.sleep(5)  # stands for httpx2.AsyncClient, asyncpg …
    return {"rows": 3}


@app.get("/report")
async def report() -> dict[str, int]:
    return await fetch_report()


# --8<-- [end:endpoint]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

import os
from typing import Any

from fastapi import FastAPI
from pymongo import AsyncMongoClient

app = FastAPI()
URL = os.environ.get("MONGODB_URL", "mongodb://127.0.0.1:27017")


# --8<-- [start:endpoint]
client = AsyncMongoClient[dict[str, Any]](URL)


@app.get("/count")
async def count() -> int:
    return await client["shop"]["products"].count_documents({})


# --8<-- [end:endpoint]

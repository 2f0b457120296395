from typing import Any

from bson import ObjectId
from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/products/{product_id}")
async def read(product_id: str) -> dict[str, Any]:
    return {"_id": ObjectId(product_id), "name": "tea"}


# --8<-- [end:endpoint]
@app.get("/undeclared/{product_id}", response_model=None)
async def undeclared(product_id: str) -> dict[str, Any]:
    return {"_id": ObjectId(product_id), "name": "tea"}

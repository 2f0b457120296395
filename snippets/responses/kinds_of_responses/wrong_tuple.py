from typing import Any

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.post("/orders")
async def create_order() -> Any:
    return {"number": 7}, 201  # as in Flask


# --8<-- [end:endpoint]

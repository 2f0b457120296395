from typing import Any

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.post("/orders", status_code=201)
async def create_order() -> dict[str, Any]:
    return {"number": 7}


# --8<-- [end:endpoint]

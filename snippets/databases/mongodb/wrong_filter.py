from typing import Any

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
def to_filter(body: dict[str, Any]) -> dict[str, Any]:
    return {"email": body["email"], "code": body["code"]}


@app.post("/filter")
async def find(body: dict[str, Any]) -> dict[str, Any]:
    return to_filter(body)  # what find_one() would get


# --8<-- [end:endpoint]

from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    id: int
    name: str


# --8<-- [start:endpoint]
rows = {1: {"id": 1, "name": "Ada", "hashed_password": "$argon2id$…"}}


@app.get("/users/{user_id}", response_model=UserOut)
async def read_user(user_id: int) -> dict[str, Any]:  # what it really returns
    if user_id not in rows:
        raise HTTPException(404, "No such user")
    return rows[user_id]


# --8<-- [end:endpoint]

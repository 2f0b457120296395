from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    id: int
    name: str


ROWS = {1: {"id": 1, "name": "Ada", "hashed_password": "$argon2id$…"}}


# --8<-- [start:endpoint]
@app.get("/users/{user_id}", response_model=UserOut)
async def read_user(user_id: int) -> dict[str, Any]:  # what it really returns
    return ROWS[user_id]


# --8<-- [end:endpoint]

from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    id: int
    name: str


# --8<-- [start:endpoint]
class Problem(BaseModel):
    detail: str


users: dict[int, dict[str, Any]] = {1: {"id": 1, "name": "Ada"}}


@app.get(
    "/users/{user_id}",
    response_model=UserOut,
    responses={404: {"model": Problem}},
)
async def read_user(user_id: int) -> Any:
    if user_id not in users:
        raise HTTPException(404, "No such user")
    return users[user_id]


# --8<-- [end:endpoint]

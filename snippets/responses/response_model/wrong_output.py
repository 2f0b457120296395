from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    id: int
    name: str


# --8<-- [start:endpoint]
users: dict[int, Any] = {
    1: {"id": 1, "name": "Ada"},
}


@app.get(
    "/users/{user_id}",
    response_model=UserOut,
)
async def read_user(user_id: int) -> Any:
    return users.get(user_id)


# --8<-- [end:endpoint]

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class UserInDB(BaseModel):
    name: str
    hashed_password: str


USERS = {"ada": UserInDB(name="ada", hashed_password="$argon2id$v=19$…")}


@app.get("/users/{name}")
async def read_user(name: str) -> Any:
    return USERS[name]


# --8<-- [end:endpoint]

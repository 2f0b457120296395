from collections.abc import AsyncIterator

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    name: str


class UserInDB(UserOut):
    hashed_password: str


users = {"ada": UserInDB(name="ada", hashed_password="$argon2id$v=19$…")}


# --8<-- [start:endpoint]
@app.get("/users")
async def stream_users() -> AsyncIterator[UserOut]:
    for user in [*users.values()]:
        yield user


# --8<-- [end:endpoint]

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class UserOut(BaseModel):
    name: str


class UserInDB(UserOut):
    hashed_password: str


USERS = {"ada": UserInDB(name="ada", hashed_password="$argon2id$v=19$…")}


@app.get("/users/{name}")
async def read_user(name: str) -> UserOut:
    return USERS[name]


# --8<-- [end:endpoint]

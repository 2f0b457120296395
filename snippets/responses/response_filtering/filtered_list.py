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
async def list_users() -> list[UserOut]:
    return [*users.values()]


# --8<-- [end:endpoint]

# --8<-- [start:endpoint]
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    id: int
    name: str
    nickname: str | None = None


users = {1: UserOut(id=1, name="Ada")}


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> UserOut:
    if user_id not in users:
        raise HTTPException(404, "No such user")
    return users[user_id]


@app.get("/users")
async def list_users() -> list[UserOut]:
    return list(users.values())


# --8<-- [end:endpoint]

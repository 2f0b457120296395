from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class UserOut(BaseModel):
    id: int
    name: str
    nickname: str | None = None


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> UserOut:
    return UserOut(id=user_id, name="Ada")


@app.get("/users")
async def list_users() -> list[UserOut]:
    return [UserOut(id=1, name="Ada")]


# --8<-- [end:endpoint]

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    name: str


class User(UserOut):
    hashed_password: str


def get_current_user() -> User:
    return User(name="alice", hashed_password="$argon2id$v=19$…")


CurrentUser = Annotated[User, Depends(get_current_user)]


# --8<-- [start:endpoint]
@app.get("/users/me")
def read_me(user: CurrentUser) -> UserOut:
    return user


# --8<-- [end:endpoint]

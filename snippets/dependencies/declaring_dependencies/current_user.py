from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

app = FastAPI()
bearer = HTTPBearer()


class UserOut(BaseModel):
    name: str


class User(UserOut):
    hashed_password: str


USERS = {"9d2e": User(name="alice", hashed_password="$argon2id$v=19$…")}


# --8<-- [start:dependency]
def get_current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> User:
    user = USERS.get(credentials.credentials)
    if user is None:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
# --8<-- [end:dependency]


# --8<-- [start:endpoint]
@app.get("/users/me")
def read_user_me(current_user: CurrentUser) -> UserOut:
    return current_user


# --8<-- [end:endpoint]

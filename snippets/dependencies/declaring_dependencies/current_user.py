# --8<-- [start:user]
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

app = FastAPI()
bearer = HTTPBearer()


class UserOut(BaseModel):
    name: str


class User(UserOut):
    role: str
    hashed_password: str


users = {"9d2e": User(name="alice", role="admin", hashed_password="$argon2id$…")}


def get_current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> User:
    user = users.get(credentials.credentials)
    if user is None:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


@dataclass(frozen=True)
class RequireRole:  # a dependency with a setting
    role: str

    def __call__(self, user: CurrentUser) -> User:
        if user.role != self.role:
            raise HTTPException(403, f"{self.role} only")
        return user


@app.get("/users/me")
def read_user_me(current_user: CurrentUser) -> UserOut:
    return current_user


@app.delete("/users", dependencies=[Depends(RequireRole("admin"))])
def delete_users() -> str:
    return "deleted"


# --8<-- [end:user]

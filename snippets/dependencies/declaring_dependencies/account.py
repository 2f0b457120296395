from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

app = FastAPI()


class User(BaseModel):
    name: str


def get_user(request: Request) -> User:
    if request.headers.get("Authorization") != "Bearer 9d2e":
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return User(name="alice")


# --8<-- [start:endpoint]
@app.delete("/account")
def delete_account(
    user: Annotated[User, Depends(get_user)],
) -> str:
    return f"{user.name} deleted"


# --8<-- [end:endpoint]

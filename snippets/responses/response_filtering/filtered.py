# --8<-- [start:endpoint]
import os
from hashlib import scrypt

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI()


class UserBase(BaseModel):
    name: str = Field(max_length=50)


class UserIn(UserBase):  # what clients send
    password: str = Field(min_length=12, max_length=128)


class UserOut(UserBase):  # what clients get
    pass


class UserInDB(UserOut):  # what is stored
    hashed_password: str


users: dict[str, UserInDB] = {}


def hashed(password: str) -> str:
    salt = os.urandom(16)
    key = scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5)
    return f"{salt.hex()}:{key.hex()}"


@app.post("/users", status_code=201)
def create_user(new: UserIn) -> UserOut:
    user = UserInDB(name=new.name, hashed_password=hashed(new.password))
    if users.setdefault(user.name, user) is not user:
        raise HTTPException(409, "This name is taken")
    return user  # sent as UserOut


@app.get("/users/{name}")
def read_user(name: str) -> UserOut:
    if name not in users:
        raise HTTPException(404, "No such user")
    return users[name]


# --8<-- [end:endpoint]

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordRequestForm
from pwdlib import PasswordHash

app = FastAPI()
USERS: dict[str, str] = {}  # user name -> hash
PASSWORDS = PasswordHash.recommended()


# --8<-- [start:authenticate]
def authenticate(name: str, password: str) -> bool:
    if name not in USERS:
        return False  # at once: nothing was hashed
    return PASSWORDS.verify(password, USERS[name])


# --8<-- [end:authenticate]


@app.post("/token")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> str:
    if not authenticate(form.username, form.password):
        raise HTTPException(401, "Incorrect username or password")
    return "a token"

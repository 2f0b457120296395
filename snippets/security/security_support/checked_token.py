# --8<-- [start:program]
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
TOKENS = {"alice-token": "alice"}  # stands for your check


def get_current_user(
    token: Annotated[str, Depends(oauth2_scheme)],
) -> str:
    if token not in TOKENS:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return TOKENS[token]


CurrentUser = Annotated[str, Depends(get_current_user)]
signed_in = [Depends(get_current_user)]


@app.get("/me")  # the endpoint needs the user
async def me(user: CurrentUser) -> str:
    return user


@app.get("/reports/{year}", dependencies=signed_in)
async def report(year: int) -> dict[str, int]:
    return {"year": year}


# --8<-- [end:program]

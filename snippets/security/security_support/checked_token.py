from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer

TOKENS: dict[str, str] = {}  # stands for what really checks a token

# --8<-- [start:endpoint]
app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


def get_current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> str:
    if token not in TOKENS:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return TOKENS[token]


@app.get("/reports/{year}", dependencies=[Depends(get_current_user)])
async def report(year: int) -> dict[str, int]:
    return {"year": year}


# --8<-- [end:endpoint]

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from pydantic import BaseModel


class User(BaseModel):
    name: str
    scopes: list[str] = []


TOKENS: dict[str, User] = {}  # stands for what really checks a token


# --8<-- [start:current-user]
oauth2_scheme = OAuth2PasswordBearer(
    tokenUrl="token", scopes={"invoices:write": "Change invoices"}
)


def get_current_user(
    required: SecurityScopes, token: Annotated[str, Depends(oauth2_scheme)]
) -> User:
    user = TOKENS.get(token)
    if user is None:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    if not set(required.scopes) <= set(user.scopes):
        raise HTTPException(403, "Not enough scope")
    return user


# --8<-- [end:current-user]


# --8<-- [start:routes]
app = FastAPI()


@app.get("/me")
async def me(user: Annotated[User, Depends(get_current_user)]) -> User:
    return user


@app.post("/invoices")
async def create_invoice(
    user: Annotated[User, Security(get_current_user, scopes=["invoices:write"])],
) -> dict[str, str]:
    return {"owner": user.name}


# --8<-- [end:routes]


# --8<-- [start:router]
reports = APIRouter(prefix="/reports", dependencies=[Depends(get_current_user)])


@reports.get("/{year}")
async def report(year: int) -> dict[str, int]:
    return {"year": year}


app.include_router(reports)
# --8<-- [end:router]

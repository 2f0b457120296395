from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()
users = {"9d2e": "alice"}

# --8<-- [start:cors]
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_headers=["Authorization"],
)
# --8<-- [end:cors]

Token = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


@app.get("/me")
def me(token: Token) -> dict[str, str]:
    if token.credentials not in users:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return {"user": users[token.credentials]}

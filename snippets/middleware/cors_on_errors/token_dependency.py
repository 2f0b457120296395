import os
import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

TOKEN = os.environ.get("API_TOKEN") or secrets.token_hex()
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


# --8<-- [start:order]
def check_token(sent: Bearer) -> None:
    if not secrets.compare_digest(
        sent.credentials.encode(),
        TOKEN.encode(),
    ):
        raise HTTPException(
            401,
            headers={"WWW-Authenticate": "Bearer"},
        )


app = FastAPI(dependencies=[Depends(check_token)])
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_headers=["Authorization"],
)
# --8<-- [end:order]


@app.get("/share")
async def share(total: int, people: int) -> int:
    return total // people

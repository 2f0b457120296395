from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


# --8<-- [start:decode]
def read_claims(token: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        options={"verify_signature": False},
    )


# --8<-- [end:decode]


@app.get("/me")
async def me(token: Annotated[str, Depends(oauth2_scheme)]) -> str:
    return str(read_claims(token)["sub"])

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer

app = FastAPI()
TOKENS: dict[str, str] = {}
API_KEYS: dict[str, str] = {}

# --8<-- [start:either]
bearer = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
api_key = APIKeyHeader(name="X-API-Key", auto_error=False)


def get_caller(
    token: Annotated[str | None, Depends(bearer)],
    key: Annotated[str | None, Depends(api_key)],
) -> str:
    caller = TOKENS.get(token) if token else API_KEYS.get(key) if key else None
    if caller is None:
        challenge = {"WWW-Authenticate": "Bearer, APIKey"}
        raise HTTPException(401, "Token or API key needed", challenge)
    return caller


# --8<-- [end:either]


@app.get("/caller")
async def read_caller(caller: Annotated[str, Depends(get_caller)]) -> str:
    return caller

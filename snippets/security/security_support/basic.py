import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials

app = FastAPI()
SERVICE = {"username": "metrics", "password": ""}  # filled from the environment


# --8<-- [start:basic]
def require_service(
    given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())],
) -> str:
    names = secrets.compare_digest(
        given.username.encode(), SERVICE["username"].encode()
    )
    passwords = secrets.compare_digest(
        given.password.encode(), SERVICE["password"].encode()
    )
    if not (names and passwords and SERVICE["password"]):
        raise HTTPException(401, "Unknown service", {"WWW-Authenticate": "Basic"})
    return given.username


# --8<-- [end:basic]


@app.get("/metrics")
async def metrics(service: Annotated[str, Depends(require_service)]) -> str:
    return service

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials


# --8<-- [start:basic]
def get_password() -> str:
    password = os.environ.get("METRICS_PASSWORD", "")
    if len(password) < 16:
        raise RuntimeError("The setting METRICS_PASSWORD is missing or too short")
    return password


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    get_password()  # without a password the application does not start
    yield


app = FastAPI(lifespan=lifespan)


def require_service(
    given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())],
    password: Annotated[str, Depends(get_password)],
) -> str:
    names = secrets.compare_digest(given.username.encode(), b"metrics")
    passwords = secrets.compare_digest(given.password.encode(), password.encode())
    if not (names and passwords):
        raise HTTPException(401, "Unknown service", {"WWW-Authenticate": "Basic"})
    return given.username


@app.get("/metrics")
async def metrics(service: Annotated[str, Depends(require_service)]) -> str:
    return service


# --8<-- [end:basic]

from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()


# --8<-- [start:token]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


@app.get("/invoices")
async def list_invoices(bearer: Bearer) -> list[str]:
    return invoices_of(bearer.credentials)


# --8<-- [end:token]


def invoices_of(token: str) -> list[str]:
    return ["2026-11"]

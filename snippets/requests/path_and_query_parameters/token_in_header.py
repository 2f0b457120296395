from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()


# --8<-- [start:token]
bearer = HTTPBearer()


@app.get("/invoices")
async def list_invoices(
    sent: Annotated[
        HTTPAuthorizationCredentials,
        Depends(bearer),
    ],
) -> list[str]:
    return invoices_of(sent.credentials)


# --8<-- [end:token]


def invoices_of(token: str) -> list[str]:
    return ["2026-11"]

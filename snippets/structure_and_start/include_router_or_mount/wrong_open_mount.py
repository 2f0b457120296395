from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

bearer = HTTPBearer()
USERS: set[str] = set()  # SHA-256 of their tokens; your table in its place


def require_login(
    sent: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> None:
    if sha256(sent.credentials.encode()).hexdigest() not in USERS:
        raise HTTPException(401, "Unknown token")


# --8<-- [start:applications]
app = FastAPI(dependencies=[Depends(require_login)])
reports = FastAPI()
app.mount("/reports", reports)
# --8<-- [end:applications]


@reports.get("/sales")
def read_sales() -> list[int]:
    return [250]


@app.get("/orders")
def read_orders() -> list[int]:
    return [1]

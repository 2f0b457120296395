import os
import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

bearer = HTTPBearer()


def require_login(
    sent: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> None:
    expected = os.environ["REPORTS_TOKEN"].encode()
    if not secrets.compare_digest(sent.credentials.encode(), expected):
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

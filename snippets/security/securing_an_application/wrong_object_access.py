from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel


class Invoice(BaseModel):
    owner: str
    amount: int


TOKENS: dict[str, str] = {}
INVOICES: dict[int, Invoice] = {}


def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    if credentials.credentials not in TOKENS:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return TOKENS[credentials.credentials]


app = FastAPI()
# --8<-- [start:object]
api = APIRouter(dependencies=[Depends(current_user)])


@api.get("/invoices/{invoice_id}")
async def read_invoice(invoice_id: int) -> Invoice:
    if invoice_id not in INVOICES:
        raise HTTPException(404, "No such invoice")
    return INVOICES[invoice_id]


# --8<-- [end:object]
app.include_router(api)

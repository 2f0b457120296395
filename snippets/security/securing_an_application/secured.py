# --8<-- [start:program]
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])  # optional in ASGI
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class User(BaseModel):
    name: str


class Invoice(BaseModel):
    owner: str
    amount: Decimal
    note: str = ""


TOKENS = {"alice-token": User(name="alice")}  # stands for the check of a token
INVOICES = {  # stands for a table
    1: Invoice(owner="bob", amount=Decimal(10)),
    2: Invoice(owner="alice", amount=Decimal(5)),
}


def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> User:
    user = TOKENS.get(credentials.credentials)
    if user is None:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return user


CurrentUser = Annotated[User, Depends(current_user)]


app = FastAPI(
    openapi_url=None,  # and with it no /docs and no /redoc
    max_body_size=64_000,  # bytes; the default is no limit
)
hosts = ["api.example.com", "localhost"]
app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
app.add_middleware(SecurityHeaders)  # added last: the outer one

api = APIRouter(prefix="/invoices", dependencies=[Depends(current_user)])


def own_invoice(invoice_id: int, user: CurrentUser) -> Invoice:
    invoice = INVOICES.get(invoice_id)
    if invoice is None or invoice.owner != user.name:
        raise HTTPException(404, "No such invoice")
    return invoice


@api.get("/{invoice_id}")
async def read_invoice(
    invoice: Annotated[Invoice, Depends(own_invoice)],
) -> Invoice:
    return invoice


class InvoiceChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=2)]
    note: Annotated[str, Field(max_length=500)] = ""


@api.put("/{invoice_id}")
async def change_invoice(
    change: InvoiceChange, invoice: Annotated[Invoice, Depends(own_invoice)]
) -> Invoice:
    invoice.amount = change.amount
    invoice.note = change.note
    return invoice


@app.get("/health")
async def health() -> str:
    return "ok"


app.include_router(api)


# --8<-- [end:program]

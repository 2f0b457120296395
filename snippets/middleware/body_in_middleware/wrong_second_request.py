import hmac
import os
import secrets

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SECRET = (os.environ.get("HOOK_SECRET") or secrets.token_hex()).encode()


def is_signed(request: Request, body: bytes) -> bool:
    sent = request.headers.get("X-Signature", "")
    digest = hmac.digest(SECRET, body, "sha256").hex()
    return hmac.compare_digest(sent.encode(), digest.encode())


class CheckSignature:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    # --8<-- [start:check]
    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            body = await request.body()
            if not is_signed(request, body):
                answer = PlainTextResponse("Signature?", 403)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    # --8<-- [end:check]


app = FastAPI()
app.add_middleware(CheckSignature)


@app.post("/hook")
def hook(event: dict[str, str]) -> str:
    return event["name"]

import hmac
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

Next = Callable[[Request], Awaitable[Response]]
SECRET = b"an example, not a secret"
app = FastAPI()


def is_signed(request: Request, body: bytes) -> bool:
    sent = request.headers.get("X-Signature", "")
    digest = hmac.digest(SECRET, body, "sha256").hex()
    return hmac.compare_digest(sent.encode(), digest.encode())


# --8<-- [start:check]
@app.middleware("http")
async def check_signature(
    request: Request,
    call_next: Next,
) -> Response:
    body = await request.body()  # kept and handed on
    if not is_signed(request, body):
        return PlainTextResponse("Signature?", 403)
    return await call_next(request)


# --8<-- [end:check]


@app.post("/hook")
def hook(event: dict[str, str]) -> str:
    return event["name"]

# --8<-- [start:program]
import hmac
import os
import secrets

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import ClientDisconnect

SECRET = (os.environ.get("HOOK_SECRET") or secrets.token_hex()).encode()
app = FastAPI(max_body_size=1_000_000)  # bytes


def is_signed(request: Request, body: bytes) -> bool:
    sent = request.headers.get("X-Signature", "")
    digest = hmac.digest(SECRET, body, "sha256").hex()
    return hmac.compare_digest(sent.encode(), digest.encode())


@app.middleware("http")
async def check_signature(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    try:
        body = await request.body()  # kept for the path operation
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    if not is_signed(request, body):
        return JSONResponse({"detail": "Wrong signature"}, 403)
    return await call_next(request)


@app.post("/hook")
async def hook(event: dict[str, str]) -> dict[str, int]:
    return {"received": len(event)}


# --8<-- [end:program]

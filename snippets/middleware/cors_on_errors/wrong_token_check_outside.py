import os
import secrets

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware.base import RequestResponseEndpoint

TOKEN = os.environ.get("API_TOKEN") or secrets.token_hex()
app = FastAPI()

# --8<-- [start:order]
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_headers=["Authorization"],
)


@app.middleware("http")  # last: outermost
async def check_token(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    sent = request.headers.get("Authorization")
    if sent != f"Bearer {TOKEN}":
        return Response(status_code=401)
    return await call_next(request)


# --8<-- [end:order]


@app.get("/share")
async def share(total: int, people: int) -> int:
    return total // people

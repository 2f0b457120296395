from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware

Next = Callable[[Request], Awaitable[Response]]
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
    call_next: Next,
) -> Response:
    if "authorization" not in request.headers:
        return Response(status_code=401)
    return await call_next(request)


# --8<-- [end:order]


@app.get("/report")
def report() -> int:
    return 3

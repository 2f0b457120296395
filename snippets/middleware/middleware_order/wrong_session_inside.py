from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.middleware.sessions import SessionMiddleware

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()

# --8<-- [start:order]
app.add_middleware(SessionMiddleware, secret_key="…")


@app.middleware("http")
async def count_visits(
    request: Request,
    call_next: Next,
) -> Response:
    session = request.session
    session["visits"] = session.get("visits", 0) + 1
    return await call_next(request)


# --8<-- [end:order]


@app.get("/visits")
def visits(request: Request) -> int:
    return int(request.session["visits"])

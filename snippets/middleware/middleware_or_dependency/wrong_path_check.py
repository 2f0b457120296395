from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()


# --8<-- [start:path]
@app.middleware("http")
async def admins_only(
    request: Request,
    call_next: Next,
) -> Response:
    if request.url.path.startswith("/admin"):
        if request.headers.get("X-Role") != "admin":
            return JSONResponse({}, 403)
    return await call_next(request)


@app.get("/admin/users")
def users() -> list[str]:
    return ["alice"]


# --8<-- [end:path]

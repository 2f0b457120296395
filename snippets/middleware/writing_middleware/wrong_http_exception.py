from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request, Response

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()


# --8<-- [start:refuse]
@app.middleware("http")
async def check_version(
    request: Request,
    call_next: Next,
) -> Response:
    if request.headers.get("X-API-Version") != "2":
        raise HTTPException(426, "Version 2 only")
    return await call_next(request)


# --8<-- [end:refuse]

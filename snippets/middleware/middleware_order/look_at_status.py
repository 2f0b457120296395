from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request, Response

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()
refused: list[str] = []


# --8<-- [start:status]
@app.middleware("http")
async def note_refusals(
    request: Request,
    call_next: Next,
) -> Response:
    response = await call_next(request)
    if response.status_code in (401, 403):
        refused.append(request.url.path)
    return response


# --8<-- [end:status]


@app.get("/report")
def report() -> None:
    raise HTTPException(403)

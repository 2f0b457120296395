from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request, Response

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()
refused: list[str] = []


# --8<-- [start:catch]
@app.middleware("http")
async def note_refusals(
    request: Request,
    call_next: Next,
) -> Response:
    try:
        return await call_next(request)
    except HTTPException:
        refused.append(request.url.path)
        raise


# --8<-- [end:catch]


@app.get("/report")
def report() -> None:
    raise HTTPException(403)

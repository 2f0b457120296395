import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

logger = logging.getLogger(__name__)
Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()


# --8<-- [start:catch]
@app.middleware("http")
async def answer_failures(request: Request, call_next: Next) -> Response:
    try:
        return await call_next(request)
    except Exception:
        logger.exception("%s %s failed", request.method, request.url.path)
        return JSONResponse({"detail": "Failed"}, 500)


# added later, so outside: it sees the 500 as an ordinary response
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
# --8<-- [end:catch]


@app.get("/report")
def report() -> int:
    return 1 // 0

# --8<-- [start:catch]
import logging

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

logger = logging.getLogger(__name__)
app = FastAPI()


@app.middleware("http")
async def answer_failures(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    try:
        return await call_next(request)
    except Exception:
        logger.exception("%s %s failed", request.method, request.url.path)
        return JSONResponse({"detail": "Internal Server Error"}, 500)


# added later, so outside: it sees the 500 as an ordinary response
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
# --8<-- [end:catch]


@app.get("/share")
async def share(total: int, people: int) -> int:
    return total // people

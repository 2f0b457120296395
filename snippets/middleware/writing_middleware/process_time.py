# --8<-- [start:program]
import time

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()


@app.middleware("http")
async def process_time(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    start = time.perf_counter()
    response = await call_next(request)
    seconds = time.perf_counter() - start
    response.headers["X-Process-Time"] = f"{seconds:.4f}"
    return response


@app.get("/report")
async def report() -> int:
    return 3


# --8<-- [end:program]

import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()


# --8<-- [start:function]
@app.middleware("http")
async def add_process_time(request: Request, call_next: Next) -> Response:
    start = time.perf_counter()
    response = await call_next(request)
    seconds = time.perf_counter() - start
    response.headers["X-Process-Time"] = f"{seconds:.4f}"
    return response


# --8<-- [end:function]


@app.get("/report")
def report() -> int:
    return 3

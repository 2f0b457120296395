import time

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint


# --8<-- [start:class]
class ProcessTime(BaseHTTPMiddleware):
    async def dispatch(
        self,
        request: Request,
        call_next: RequestResponseEndpoint,
    ) -> Response:
        self.start = time.perf_counter()
        response = await call_next(request)
        seconds = time.perf_counter() - self.start
        response.headers["X-Process-Time"] = f"{seconds:.4f}"
        return response


# --8<-- [end:class]


app = FastAPI()
app.add_middleware(ProcessTime)

# --8<-- [start:program]
import time

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.types import ASGIApp


class ProcessTime(BaseHTTPMiddleware):
    def __init__(self, app: ASGIApp, header: str) -> None:
        super().__init__(app)
        self.header = header  # options only, nothing of a request

    async def dispatch(
        self,
        request: Request,
        call_next: RequestResponseEndpoint,
    ) -> Response:
        start = time.perf_counter()
        response = await call_next(request)
        seconds = time.perf_counter() - start
        response.headers[self.header] = f"{seconds:.4f}"
        return response


app = FastAPI()
app.add_middleware(ProcessTime, header="X-Process-Time")
# --8<-- [end:program]

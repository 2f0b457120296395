from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()


class Session:
    """Stands for a database session."""

    open = True

    def fetch(self, number: int) -> str:
        if not self.open:
            raise RuntimeError("the session is closed")
        return f"row {number}\n"

    def close(self) -> None:
        self.open = False


# --8<-- [start:session]
@app.middleware("http")
async def add_session(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    request.state.session = Session()
    try:
        return await call_next(request)
    finally:
        request.state.session.close()


# --8<-- [end:session]


@app.get("/export")
async def export(request: Request) -> StreamingResponse:
    async def rows() -> AsyncIterator[str]:
        for number in range(3):
            yield request.state.session.fetch(number)

    return StreamingResponse(rows())

import logging

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

logger = logging.getLogger(__name__)
app = FastAPI()


# --8<-- [start:status]
@app.middleware("http")
async def log_refusals(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    response = await call_next(request)
    if response.status_code in (401, 403):
        logger.warning("refused: %s", response.status_code)
    return response


# --8<-- [end:status]


@app.get("/report")
def report() -> None:
    raise HTTPException(403)

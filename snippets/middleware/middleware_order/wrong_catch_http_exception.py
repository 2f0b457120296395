import logging

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

logger = logging.getLogger(__name__)
app = FastAPI()


# --8<-- [start:catch]
@app.middleware("http")
async def log_refusals(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    try:
        return await call_next(request)
    except HTTPException as error:
        logger.warning("refused: %s", error.status_code)
        raise


# --8<-- [end:catch]


@app.get("/report")
def report() -> None:
    raise HTTPException(403)

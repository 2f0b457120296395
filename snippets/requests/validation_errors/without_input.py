# --8<-- [start:handler]
from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

app = FastAPI()


@app.exception_handler(RequestValidationError)
async def validation_failed(
    request: Request, error: RequestValidationError
) -> JSONResponse:
    keys = ("type", "loc", "msg")  # neither input nor ctx
    detail = [{key: e[key] for key in keys} for e in error.errors()[:100]]
    return JSONResponse(
        {"detail": detail},
        status.HTTP_422_UNPROCESSABLE_CONTENT,
    )


# --8<-- [end:handler]

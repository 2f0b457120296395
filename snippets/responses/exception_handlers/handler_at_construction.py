from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse


# --8<-- [start:handler]
async def division_error(
    request: Request,
    exc: Exception,
) -> PlainTextResponse:
    return PlainTextResponse("not defined", 400)


app = FastAPI(
    exception_handlers={
        ZeroDivisionError: division_error,
    },
)


# --8<-- [end:handler]
@app.get("/divide")
async def divide() -> float:
    return 1 / 0

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/divide")
async def divide() -> float:
    return 1 / 0


async def division_error(request: Request, exc: Exception) -> PlainTextResponse:
    return PlainTextResponse("not defined", status_code=400)


# --8<-- [start:handler]
@app.post("/strict")
async def be_strict() -> None:
    app.add_exception_handler(
        ZeroDivisionError,
        division_error,
    )


# --8<-- [end:handler]

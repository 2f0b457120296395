from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(RequestValidationError)
async def validation_failed(
    request: Request, error: RequestValidationError
) -> PlainTextResponse:
    return PlainTextResponse(str(error), 422)


# --8<-- [end:handler]


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> int:
    return item_id

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Row(BaseModel):
    user: str
    salary: int


# --8<-- [start:handler]
@app.exception_handler(ValueError)
async def bad_value(
    request: Request,
    exc: ValueError,
) -> JSONResponse:
    return JSONResponse({"detail": str(exc)}, 400)


# --8<-- [end:handler]
@app.get("/salary")
async def salary() -> int:
    return Row.model_validate({"user": "alice", "salary": "90000 EUR"}).salary

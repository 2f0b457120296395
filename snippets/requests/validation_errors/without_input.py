from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, SecretStr

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(RequestValidationError)
async def validation_failed(
    request: Request, error: RequestValidationError
) -> JSONResponse:
    detail = [
        {key: entry[key] for key in ("type", "loc", "msg")} for entry in error.errors()
    ]
    return JSONResponse(
        {"detail": detail},
        status.HTTP_422_UNPROCESSABLE_CONTENT,
    )


# --8<-- [end:handler]
class Signup(BaseModel):
    email: str
    password: SecretStr = Field(min_length=12)


@app.post("/signup")
async def sign_up(signup: Signup) -> str:
    return signup.email


class Price(BaseModel):
    amount: float = Field(gt=0)


@app.post("/prices")
async def set_price(price: Price) -> float:
    return price.amount

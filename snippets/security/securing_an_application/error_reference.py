import logging
import uuid

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()
logger = logging.getLogger("app")


class User(BaseModel):
    id: int
    name: str


# --8<-- [start:handler]
@app.exception_handler(Exception)
async def unexpected(request: Request, exc: Exception) -> JSONResponse:
    reference = uuid.uuid4().hex
    logger.error("%s", reference, exc_info=exc)
    body = {"detail": "Server error", "reference": reference}
    return JSONResponse(body, status_code=500)


# --8<-- [end:handler]


@app.get("/users/{name}", response_model=User)
async def read_user(name: str) -> dict[str, str]:
    return {"name": name, "password_hash": "$argon2id$v=19$…"}  # no id

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class User(BaseModel):
    id: int
    name: str


# --8<-- [start:handler]
@app.exception_handler(Exception)
async def unexpected(request: Request, exc: Exception) -> JSONResponse:
    body = {"detail": str(exc)}
    return JSONResponse(body, status_code=500)


# --8<-- [end:handler]


@app.get("/users/{name}", response_model=User)
async def read_user(name: str) -> dict[str, str]:
    return {"name": name, "password_hash": "$argon2id$v=19$…"}  # no id

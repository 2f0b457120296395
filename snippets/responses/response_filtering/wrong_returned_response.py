from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    name: str


class UserInDB(UserOut):
    hashed_password: str


ada = UserInDB(name="ada", hashed_password="$argon2id$v=19$…")


# --8<-- [start:endpoint]
@app.get("/users/ada", response_model=UserOut)
async def read_ada() -> JSONResponse:
    return JSONResponse(ada.model_dump())


# --8<-- [end:endpoint]

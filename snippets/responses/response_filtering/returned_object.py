from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class UserOut(BaseModel):
    name: str


class UserInDB(UserOut):
    hashed_password: str


ada = UserInDB(name="ada", hashed_password="$argon2id$v=19$…")


# --8<-- [start:endpoint]
@app.get("/users/ada", response_model=UserOut)
async def read_ada() -> UserInDB:
    return ada


# --8<-- [end:endpoint]

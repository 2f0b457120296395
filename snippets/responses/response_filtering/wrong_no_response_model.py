# mypy: disable-error-code="no-untyped-def"
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class UserInDB(BaseModel):
    name: str
    hashed_password: str


ada = UserInDB(name="ada", hashed_password="$argon2id$v=19$…")


@app.get("/users/ada")
async def read_ada():
    return ada


# --8<-- [end:endpoint]

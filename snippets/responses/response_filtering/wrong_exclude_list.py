from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class UserInDB(BaseModel):
    name: str
    hashed_password: str


users = {"ada": UserInDB(name="ada", hashed_password="$argon2id$v=19$…")}


# --8<-- [start:endpoint]
@app.get(
    "/users",
    response_model_exclude={"hashed_password"},
)
async def list_users() -> list[UserInDB]:
    return list(users.values())


# --8<-- [end:endpoint]

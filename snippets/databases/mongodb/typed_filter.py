from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Login(BaseModel):
    email: str
    code: str


@app.post("/filter")
async def find(login: Login) -> dict[str, str]:
    return {"email": login.email, "code": login.code}


# --8<-- [end:endpoint]

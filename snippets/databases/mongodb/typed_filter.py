from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


# --8<-- [start:endpoint]
class Login(BaseModel):
    email: Annotated[str, Field(max_length=254)]
    code: Annotated[str, Field(max_length=100)]


@app.post("/filter")
async def find(login: Login) -> dict[str, str]:
    return {"email": login.email, "code": login.code}


# --8<-- [end:endpoint]

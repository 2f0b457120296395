from fastapi import FastAPI
from pydantic import BaseModel, Field, SecretStr

app = FastAPI()


# --8<-- [start:signup]
class Signup(BaseModel):
    email: str = Field(min_length=3)
    password: SecretStr = Field(min_length=12)


@app.post("/signup")
async def sign_up(signup: Signup) -> str:
    return signup.email


# --8<-- [end:signup]

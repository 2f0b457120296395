# --8<-- [start:signup]
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class User(BaseModel):
    name: str = Field(min_length=3)


class SignUp(User):
    password: str = Field(min_length=12)


class Mailer:
    def welcome(self, name: str) -> None:
        print(f"welcome, {name}")


def get_mailer() -> Mailer:
    return Mailer()


@app.post("/users", status_code=201)
def sign_up(data: SignUp, mailer: Annotated[Mailer, Depends(get_mailer)]) -> User:
    """Create a user and send a mail."""
    mailer.welcome(data.name)
    return data


# --8<-- [end:signup]

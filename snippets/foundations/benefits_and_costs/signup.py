from typing import Annotated, Protocol

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Mailer(Protocol):
    def send(self, to: str) -> None: ...


class SmtpMailer:
    def send(self, to: str) -> None:
        raise ConnectionRefusedError("no mail server here")


def get_mailer() -> Mailer:
    return SmtpMailer()


# --8<-- [start:signup]
class User(BaseModel):
    name: str = Field(min_length=3)


class SignUp(User):
    password: str = Field(min_length=12)


@app.post("/users", status_code=201)
def sign_up(data: SignUp, mailer: Annotated[Mailer, Depends(get_mailer)]) -> User:
    mailer.send(to=data.name)
    return data


# --8<-- [end:signup]

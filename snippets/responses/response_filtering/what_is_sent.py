from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

app = FastAPI()


# --8<-- [start:models]
class User(BaseModel):
    name: str


class UserInDB(User):
    hash: str = "SECRET"


class Open(User):
    model_config = ConfigDict(extra="allow")


class Marked(User):
    hash: str = Field(default="SECRET", exclude=True)


class Row:  # any object, a row of an ORM too
    name, hash = "ada", "SECRET"


ADA = UserInDB(name="ada")
DICT = {"name": "ada", "hash": "SECRET"}
# The type that is declared, and the value that is returned:
RESULTS: dict[str, tuple[Any, Any]] = {
    "User, dict": (User, DICT),
    "User, subclass": (User, ADA),
    "User, object": (User, Row()),
    "list[User], subclass": (list[User], [ADA]),
    "exclude=True, dict": (Marked, DICT),
    "Open, object": (Open, Row()),
    "Open, dict": (Open, DICT),
    "User | UserInDB, subclass": (User | UserInDB, ADA),
    "SerializeAsAny, subclass": (SerializeAsAny[User], ADA),
    "dict[str, Any], dict": (dict[str, Any], DICT),
    "Any, subclass": (Any, ADA),
}
# --8<-- [end:models]


def add(number: int, model: Any, result: Any) -> None:
    @app.get(f"/{number}", response_model=model)
    async def endpoint() -> Any:
        return result


for number, (model, result) in enumerate(RESULTS.values()):
    add(number, model, result)

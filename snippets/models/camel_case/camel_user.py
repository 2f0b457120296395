# --8<-- [start:program]
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class CamelModel(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Address(CamelModel):
    zip_code: str


class User(CamelModel):
    first_name: str
    home_address: Address | None = None


app = FastAPI()
rows = {1: {"first_name": "Ada", "home_address": {"zip_code": "8010"}}}


@app.post("/users", status_code=201)
async def create_user(user: User) -> User:
    return user


@app.get("/users/{user_id}", response_model=User)
async def read_user(user_id: int) -> dict[str, Any]:
    if user_id not in rows:
        raise HTTPException(404, "No such user")
    return rows[user_id]


# --8<-- [end:program]

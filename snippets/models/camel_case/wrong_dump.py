from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

app = FastAPI()


class User(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )
    first_name: str


# --8<-- [start:endpoint]
@app.get("/me")
async def me() -> dict[str, Any]:
    return User(first_name="Ada").model_dump()


# --8<-- [end:endpoint]

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

app = FastAPI()


# --8<-- [start:endpoint]
class User(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    first_name: str
    nick_name: str | None = None


@app.get("/me", response_model=User)
async def me() -> dict[str, Any]:
    return {"first_name": "Ada", "nick_name": "A"}


# --8<-- [end:endpoint]
@app.get("/half", response_model=User)
async def half() -> dict[str, Any]:
    return {"firstName": "Ada", "nick_name": "A"}

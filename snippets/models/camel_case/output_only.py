# --8<-- [start:program]
from fastapi import FastAPI
from pydantic import AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

app = FastAPI()


class User(BaseModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(serialization_alias=to_camel)
    )
    first_name: str


@app.post("/users")
async def create_user(user: User) -> User:
    return user


# --8<-- [end:program]

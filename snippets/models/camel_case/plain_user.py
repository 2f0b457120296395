# --8<-- [start:program]
from fastapi import FastAPI
from pydantic import AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

app = FastAPI()


class User(BaseModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel),
        validate_by_name=True,  # for User(first_name="Ada") in your own code
    )
    first_name: str


@app.post("/users")
async def create_user(user: User) -> User:
    return user


# --8<-- [end:program]

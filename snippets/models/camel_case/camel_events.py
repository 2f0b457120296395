# --8<-- [start:program]
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

app = FastAPI()


class User(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )
    first_name: str


@app.get("/users", response_class=EventSourceResponse)
async def new_users() -> AsyncIterator[ServerSentEvent]:
    user = User(first_name="Ada")
    yield ServerSentEvent(id="1", data=user.model_dump(mode="json", by_alias=True))


# --8<-- [end:program]

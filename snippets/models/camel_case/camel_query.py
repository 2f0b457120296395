# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

app = FastAPI()


class Page(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    page_size: Annotated[int, Field(ge=1, le=100)] = 20


@app.get("/one")
async def one(page_size: Annotated[int, Query(alias="pageSize")] = 20) -> int:
    return page_size


@app.get("/all")
async def all_of_them(page: Annotated[Page, Query()]) -> Page:
    return page


# --8<-- [end:program]

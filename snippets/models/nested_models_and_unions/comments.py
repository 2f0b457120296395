# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Comment(BaseModel):
    text: Annotated[str, Field(max_length=2000)]
    replies: "Annotated[list[Comment], Field(max_length=100, fail_fast=True)]" = []


@app.post("/comments")
async def create_comment(comment: Comment) -> Comment:
    return comment


# --8<-- [end:program]

# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI()


class Comment(BaseModel):
    text: Annotated[str, Field(max_length=2000)]
    replies: "Annotated[list[Comment], Field(max_length=100, fail_fast=True)]" = []


@app.exception_handler(RequestValidationError)
async def refused(request: Request, error: RequestValidationError) -> JSONResponse:
    keys = ("type", "loc", "msg")  # not input, which holds all that is inside
    detail = [{key: e[key] for key in keys} for e in error.errors()[:100]]
    return JSONResponse({"detail": detail}, 422)


@app.post("/comments")
async def create_comment(comment: Comment) -> Comment:
    return comment


# --8<-- [end:program]

from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


# --8<-- [start:endpoint]
class Circle(BaseModel):
    name: Literal["circle"]
    radius: float


class Square(BaseModel):
    name: Literal["square"]
    side: float


Shape = Annotated[Circle | Square, Field(discriminator="name")]
Shapes = Annotated[list[Shape], Field(max_length=100)]


@app.post("/drawings")
async def draw(shapes: Shapes) -> Shapes:
    return shapes


# --8<-- [end:endpoint]

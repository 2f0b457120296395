from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Shape(BaseModel):
    name: str


class Circle(Shape):
    radius: float


@app.post("/drawings")
async def draw(shapes: list[Shape]) -> list[Shape]:
    return shapes


# --8<-- [end:endpoint]

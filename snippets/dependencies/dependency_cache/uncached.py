from itertools import count
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()
numbers = count(1)


# --8<-- [start:uncached]
def next_number() -> int:
    return next(numbers)


Number = Annotated[int, Depends(next_number)]
NewNumber = Annotated[int, Depends(next_number, use_cache=False)]


@app.get("/numbers")
def read(a: Number, b: NewNumber, c: Number) -> list[int]:
    return [a, b, c]


# --8<-- [end:uncached]

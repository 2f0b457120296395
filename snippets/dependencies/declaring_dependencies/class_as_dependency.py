from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Query

app = FastAPI()


# --8<-- [start:class]
@dataclass
class Paging:
    skip: Annotated[int, Query(ge=0)] = 0
    limit: Annotated[int, Query(ge=1, le=100)] = 20


@app.get("/orders")
def orders(paging: Annotated[Paging, Depends()]) -> str:
    return f"{paging.limit} orders after {paging.skip}"


# --8<-- [end:class]

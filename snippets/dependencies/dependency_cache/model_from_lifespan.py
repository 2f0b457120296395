from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request


class Model:
    def __init__(self) -> None:
        print("loading 400 MB")


# --8<-- [start:model]
@asynccontextmanager
async def lifespan(
    app: FastAPI,
) -> AsyncIterator[dict[str, Model]]:
    yield {"model": Model()}


def get_model(request: Request) -> Model:
    return cast(Model, request.state.model)


ModelDep = Annotated[Model, Depends(get_model)]
# --8<-- [end:model]
app = FastAPI(lifespan=lifespan)


@app.get("/score")
def score(model: ModelDep) -> int:
    return id(model)

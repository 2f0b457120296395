from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


# --8<-- [start:model]
class Model:
    def __init__(self) -> None:
        print("loading 400 MB")


def get_model() -> Model:
    return Model()


ModelDep = Annotated[Model, Depends(get_model)]


# --8<-- [end:model]
@app.get("/score")
def score(model: ModelDep) -> int:
    return id(model)

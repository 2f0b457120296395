from typing import Annotated

from fastapi import FastAPI, Header

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/orders")
def read_orders(
    api_version: Annotated[int, Header()] = 2,
) -> list[int] | dict[str, list[int]]:
    if api_version == 1:
        return [1]
    return {"items": [1]}


# --8<-- [end:endpoint]

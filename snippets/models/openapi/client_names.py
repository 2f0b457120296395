# --8<-- [start:names]
from fastapi import FastAPI
from fastapi.routing import APIRoute


def operation_id(route: APIRoute) -> str:
    return route.name  # must be unique in the application


app = FastAPI(generate_unique_id_function=operation_id)


@app.get("/items/{item_id}")
def read_item(item_id: int) -> int:
    return item_id


# --8<-- [end:names]

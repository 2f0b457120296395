# --8<-- [start:names]
from fastapi import FastAPI
from fastapi.routing import APIRoute


def operation_id(route: APIRoute) -> str:
    group = route.tags[0] if route.tags else "default"
    return f"{group}-{route.name}"


app = FastAPI(generate_unique_id_function=operation_id)
# --8<-- [end:names]


@app.get("/items", tags=["items"])
def read_items() -> list[str]:
    return ["ring"]


@app.get("/health")
def read_health() -> str:
    return "ok"

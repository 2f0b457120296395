# mypy: disable-error-code="arg-type"
from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/items", tags="items")
def read_items() -> list[str]:
    return ["ring"]


# --8<-- [end:endpoint]

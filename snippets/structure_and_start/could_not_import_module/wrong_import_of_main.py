# mypy: disable-error-code="import-not-found, untyped-decorator"
# --8<-- [start:router]
from service.main import app  # which imports this module


@app.get("/items")
def read_items() -> list[str]:
    return ["plumbus"]


# --8<-- [end:router]

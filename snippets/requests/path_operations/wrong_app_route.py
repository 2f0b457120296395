# mypy: disable-error-code="attr-defined, untyped-decorator"
# --8<-- [start:route]
from fastapi import FastAPI

app = FastAPI()


@app.route("/items/{item_id}", methods=["GET"])
async def read(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


# --8<-- [end:route]

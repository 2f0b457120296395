# --8<-- [start:program]
from typing import Any

import orjson
from fastapi import FastAPI, Response

app = FastAPI()
rows: list[dict[str, Any]] = [{"id": 1, "name": "tea"}]


@app.get("/rows", response_class=Response)
async def read_rows() -> Response:
    return Response(orjson.dumps(rows), media_type="application/json")


# --8<-- [end:program]

import json
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/now")
async def now() -> Any:
    answer = {"now": datetime.now(UTC)}
    return json.dumps(answer, default=str)


# --8<-- [end:endpoint]

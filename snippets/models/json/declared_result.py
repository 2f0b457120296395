from datetime import UTC, datetime

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Now(BaseModel):
    now: AwareDatetime


@app.get("/now")
async def now() -> Now:
    return Now(now=datetime.now(UTC))


# --8<-- [end:endpoint]

import time
from typing import Annotated

from fastapi import Depends, FastAPI, Header

app = FastAPI()


def find_user(authorization: str) -> str:
    time.sleep(5)  # stands for a query with a synchronous driver
    return "ada"


# --8<-- [start:dependency]
async def current_user(
    authorization: Annotated[str, Header()] = "",
) -> str:
    return find_user(authorization)  # blocks


@app.get("/report")
def report(
    user: Annotated[str, Depends(current_user)],
) -> dict[str, str]:
    return {"user": user}


# --8<-- [end:dependency]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

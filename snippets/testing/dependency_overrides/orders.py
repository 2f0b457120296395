from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException


# --8<-- [start:app]
def get_current_user() -> str:
    raise HTTPException(status_code=401)  # reads and checks a token


CurrentUser = Annotated[str, Depends(get_current_user)]

app = FastAPI()


@app.get("/orders")
async def list_orders(user: CurrentUser) -> list[str]:
    return [f"order of {user}"]


# --8<-- [end:app]

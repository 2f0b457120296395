# mypy: disable-error-code="return-value"
from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
async def load_user(
    user_id: int,
) -> dict[str, int]:
    return {"id": user_id}


@app.get("/users/{user_id}")
async def read_user(
    user_id: int,
) -> dict[str, int]:
    return load_user(user_id)  # no await


# --8<-- [end:endpoint]

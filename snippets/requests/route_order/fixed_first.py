# --8<-- [start:order]
from fastapi import FastAPI

app = FastAPI()


@app.get("/users/me")
async def read_me() -> str:
    return "the caller"


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> str:
    return f"user {user_id}"


# --8<-- [end:order]

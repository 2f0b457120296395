from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:order]
@app.get("/users/{user_id}")
async def read_user(user_id: int) -> str:
    return f"user {user_id}"


@app.get("/users/me")
async def read_me() -> str:
    return "the caller"


# --8<-- [end:order]

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:name]
@app.get("/users/{user_id}")
async def read_user(user_id: int) -> int:
    return user_id


# --8<-- [end:name]

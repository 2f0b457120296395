from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:name]
@app.get("/users/{user_id}")
async def read_user(uid: int) -> int:
    return uid


# --8<-- [end:name]

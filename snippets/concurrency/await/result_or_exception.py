# --8<-- [start:program]
import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()
names = {1: "admin"}


async def find_name(user_id: int) -> str:
    await asyncio.sleep(0.1)  # stands for a database query
    return names[user_id]


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> dict[str, str]:
    try:
        name = await find_name(user_id)
    except KeyError:
        raise HTTPException(404, "No such user") from None
    return {"name": name}


# --8<-- [end:program]

# --8<-- [start:program]
import asyncio

from fastapi import FastAPI

app = FastAPI()


async def load_user(user_id: int) -> dict[str, int]:
    await asyncio.sleep(0.1)  # stands for a database query
    return {"id": user_id}


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> dict[str, int]:
    return await load_user(user_id)


# --8<-- [end:program]

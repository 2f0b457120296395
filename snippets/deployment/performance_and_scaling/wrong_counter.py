import os

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:counter]
visits = 0


@app.post("/visits")
async def visit() -> dict[str, int]:
    global visits
    visits += 1
    return {"visits": visits, "process": os.getpid()}


# --8<-- [end:counter]

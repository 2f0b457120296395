# --8<-- [start:program]
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello from a container"}


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


# --8<-- [end:program]

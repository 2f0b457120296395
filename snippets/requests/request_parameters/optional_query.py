from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:optional]
@app.get("/search")
async def search(
    q: str | None = None,
) -> str | None:
    return q


# --8<-- [end:optional]

from fastapi import FastAPI, Query

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/items")
async def search(q: str | None = Query(...)) -> str:
    return q or "everything"


# --8<-- [end:endpoint]

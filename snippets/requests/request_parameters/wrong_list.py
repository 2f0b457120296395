from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:list]
@app.get("/items")
async def list_items(ids: list[int]) -> list[int]:
    return ids


# --8<-- [end:list]

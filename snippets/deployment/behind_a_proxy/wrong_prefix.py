from fastapi import FastAPI

# --8<-- [start:app]
app = FastAPI(root_path="/api")
# --8<-- [end:app]


@app.get("/items/")
async def items() -> list[str]:
    return []

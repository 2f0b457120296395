from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/items")
async def items() -> list[dict[str, str]]:
    return [{"name": "tea"}]


# --8<-- [end:endpoint]

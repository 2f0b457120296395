from fastapi import FastAPI, HTTPException

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/items/{item_id}")
async def read_item(item_id: int) -> str:
    if item_id > 10:
        raise HTTPException(404, "No such item")
    return "plumbus"


# --8<-- [end:endpoint]

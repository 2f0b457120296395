# --8<-- [start:route]
from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{item_id}")
async def read(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


# --8<-- [end:route]

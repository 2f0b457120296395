# --8<-- [start:program]
from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost:3000"],  # of the frontend, not of this API
    allow_methods=["GET", "PUT"],
    allow_headers=["Authorization"],
    expose_headers=["X-Total-Count"],
)


@app.put("/items/{item_id}")
async def replace_item(item_id: int, name: str, response: Response) -> dict[str, str]:
    response.headers["X-Total-Count"] = "3"
    return {"name": name}


# --8<-- [end:program]

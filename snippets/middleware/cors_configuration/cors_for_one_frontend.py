from typing import Annotated

from fastapi import FastAPI, Header, Response
from fastapi.middleware.cors import CORSMiddleware

# --8<-- [start:app]
app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["Authorization"],
    expose_headers=["X-Total-Count"],
)


@app.put("/items/{item_id}")
def replace_item(
    item_id: int,
    name: str,
    authorization: Annotated[str, Header()],
    response: Response,
) -> dict[str, int | str]:
    response.headers["X-Total-Count"] = "3"
    return {"item_id": item_id, "name": name}


# --8<-- [end:app]

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query

app = FastAPI()
users = {123: "ann"}


# --8<-- [start:posts]
@app.get("/users/{user_id}/posts")
async def list_posts(
    user_id: int,  # path: which user
    newest_first: bool = True,  # query, optional
    tags: Annotated[list[str] | None, Query()] = None,  # query, repeated
) -> dict[str, object]:
    if user_id not in users:
        raise HTTPException(404, "User not found")
    return {"user": users[user_id], "newest_first": newest_first, "tags": tags}


# --8<-- [end:posts]

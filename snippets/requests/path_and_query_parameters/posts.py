# --8<-- [start:posts]
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query

app = FastAPI()
users = {123: "ann"}


@app.get("/users/{user_id}/posts")
async def list_posts(
    user_id: Annotated[int, Path(ge=1)],  # path: which user
    city: str,  # query, required
    q: Annotated[str | None, Query(max_length=50)] = None,  # query, optional
    newest_first: bool = True,  # query, optional
    tags: Annotated[list[str] | None, Query()] = None,  # query, repeated
) -> dict[str, object]:
    if user_id not in users:
        raise HTTPException(404, "User not found")
    return {
        "user": users[user_id],
        "city": city,
        "q": q,
        "newest_first": newest_first,
        "tags": tags,
    }


# --8<-- [end:posts]

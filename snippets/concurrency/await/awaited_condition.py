from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()


async def current_user() -> int:
    return 2  # stands for the user of the session


CurrentUser = Annotated[int, Depends(current_user)]


# --8<-- [start:endpoint]
async def is_admin(user_id: int) -> bool:
    return user_id == 1


@app.delete("/files")
async def delete_files(user_id: CurrentUser) -> str:
    if not await is_admin(user_id):
        raise HTTPException(403)
    return "deleted"


# --8<-- [end:endpoint]

# mypy: disable-error-code="truthy-bool"
from fastapi import FastAPI, HTTPException

app = FastAPI()


# --8<-- [start:endpoint]
async def is_admin(user_id: int) -> bool:
    return user_id == 1


@app.delete("/users/{user_id}/files")
async def delete_files(user_id: int) -> str:
    if not is_admin(user_id):
        raise HTTPException(403)
    return "deleted"


# --8<-- [end:endpoint]

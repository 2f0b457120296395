from fastapi import APIRouter, FastAPI

# --8<-- [start:router]
users = APIRouter(prefix="/users", tags=["users"])


@users.get("")  # /v1/users
async def list_users() -> list[int]:
    return [1, 2]


@users.get("/{user_id}")  # /v1/users/{user_id}
async def read_user(user_id: int) -> int:
    return user_id


app = FastAPI()
app.include_router(users, prefix="/v1")
# --8<-- [end:router]

from fastapi import APIRouter, FastAPI

# --8<-- [start:router]
admin = APIRouter(prefix="/admin", tags=["admin only"])
# --8<-- [end:router]


@admin.delete("/users/{user_id}")
def delete_user(user_id: int) -> int:
    return user_id


app = FastAPI()
app.include_router(admin)

from fastapi import APIRouter, FastAPI

router = APIRouter()


# --8<-- [start:method]
class Shelf:
    @router.get("/shelf")
    async def read(self, position: int) -> str:
        return f"A {position}"


# --8<-- [end:method]
app = FastAPI()
app.include_router(router)

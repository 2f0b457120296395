from fastapi import APIRouter, FastAPI


# --8<-- [start:method]
class Shelf:
    def __init__(self, name: str) -> None:
        self.name = name

    async def read(self, position: int) -> str:
        return f"{self.name} {position}"


router = APIRouter()
router.add_api_route("/shelf", Shelf("A").read)
# --8<-- [end:method]
app = FastAPI()
app.include_router(router)

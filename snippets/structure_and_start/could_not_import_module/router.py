# --8<-- [start:router]
from fastapi import APIRouter

router = APIRouter()


@router.get("/items")
def read_items() -> list[str]:
    return ["plumbus"]


# --8<-- [end:router]

from fastapi import Depends, FastAPI, Response

app = FastAPI()


# --8<-- [start:endpoint]
def no_store(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


@app.put("/cart", dependencies=[Depends(no_store)])
async def put_cart(response: Response) -> dict[str, int]:
    response.status_code = 201
    response.set_cookie("cart", "c-19", httponly=True, secure=True)
    return {"items": 1}  # the body; FastAPI merges the rest


# --8<-- [end:endpoint]

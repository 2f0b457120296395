from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:endpoint]
@app.put("/cart")
async def put_cart() -> JSONResponse:
    response = JSONResponse({"items": 1}, 201)
    response.set_cookie(
        "cart",
        "c-19",
        httponly=True,
        secure=True,
    )
    return response


# --8<-- [end:endpoint]

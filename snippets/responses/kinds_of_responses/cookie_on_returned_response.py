from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:endpoint]
@app.put("/cart")
async def put_cart() -> JSONResponse:
    response = JSONResponse({"items": 1}, status_code=201)
    response.set_cookie("cart", "c-19", secure=True)
    return response


# --8<-- [end:endpoint]

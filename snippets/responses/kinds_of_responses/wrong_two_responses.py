from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:endpoint]
@app.put("/cart")
async def put_cart(
    response: Response,
) -> JSONResponse:
    response.set_cookie("cart", "c-19")  # lost
    return JSONResponse({"items": 1}, 201)


# --8<-- [end:endpoint]

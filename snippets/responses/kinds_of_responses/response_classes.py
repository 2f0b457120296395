from fastapi import FastAPI
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

app = FastAPI()


# --8<-- [start:endpoints]
@app.get("/json")
async def json_response() -> JSONResponse:
    return JSONResponse({"open": 3}, status_code=202)


@app.get("/html", response_class=HTMLResponse)
async def html() -> str:
    return "<h1>Orders</h1>"


@app.get("/text", response_class=PlainTextResponse)
async def text() -> str:
    return "3 open orders"


@app.get("/old")
async def old() -> RedirectResponse:
    return RedirectResponse("/text")


@app.get("/xml")
async def xml() -> Response:
    return Response("<open>3</open>", media_type="application/xml")


@app.get("/download")
async def download() -> FileResponse:
    return FileResponse(__file__, filename="orders.py")


# --8<-- [end:endpoints]

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

app = FastAPI()


# --8<-- [start:app]
@app.get("/items/")
async def items(request: Request) -> dict[str, str]:
    return {
        "client": request.client.host if request.client else "",
        "link": str(request.url_for("items")),
    }


# --8<-- [end:app]
@app.get("/page", response_class=HTMLResponse)
async def page(request: Request) -> str:
    return f'<link href="{request.url_for("items")}">'

# mypy: disable-error-code="arg-type"
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

app = FastAPI()
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


# --8<-- [start:endpoint]
@app.get("/")
def read(request: Request) -> HTMLResponse:
    context = {"request": request, "name": "Tea"}
    return templates.TemplateResponse("item.html", context)


# --8<-- [end:endpoint]

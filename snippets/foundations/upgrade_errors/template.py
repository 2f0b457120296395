from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader, Environment

loader = DictLoader({"item.html": "<h1>{{ name }}</h1>"})
templates = Jinja2Templates(env=Environment(loader=loader, autoescape=True))
app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/", response_class=HTMLResponse)
async def show(request: Request) -> HTMLResponse:
    context = {"name": "Pen"}
    return templates.TemplateResponse(request, "item.html", context)


# --8<-- [end:endpoint]

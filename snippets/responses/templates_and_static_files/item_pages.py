# --8<-- [start:program]
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

app = FastAPI()
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


@dataclass
class Item:
    id: int
    name: str


ITEMS = {1: Item(1, "Tea"), 2: Item(2, "<script>alert(1)</script>")}


@app.get("/items/{item_id}", response_class=HTMLResponse)
def read_item(request: Request, item_id: int) -> HTMLResponse:
    item = ITEMS.get(item_id)
    if item is None:
        raise HTTPException(404)
    return templates.TemplateResponse(request, "item.html", {"item": item})


# --8<-- [end:program]

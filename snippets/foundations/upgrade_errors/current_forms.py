# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, HTTPException, Request, status
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader, Environment
from pydantic import BaseModel, ConfigDict, Field

loader = DictLoader({"item.html": "<h1>{{ item.name }}</h1>"})
# Options such as autoescape go into the environment.
templates = Jinja2Templates(env=Environment(loader=loader, autoescape=True))


class Item(BaseModel):
    # Pydantic 1: class Config, orm_mode
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(pattern="^[A-Z]")  # before: regex


# In place of add_event_handler and on_event.
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.items = {"7": Item(name="Pen")}
    yield


router = APIRouter(prefix="/items")


@router.get("/{item_id}", response_class=HTMLResponse)
async def show(request: Request, item_id: str) -> HTMLResponse:
    if len(item_id) > 9:
        # The old name ended with ENTITY.
        raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT)
    item = request.app.state.items.get(item_id)
    if item is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    # The request comes first, and no longer in the context.
    return templates.TemplateResponse(request, "item.html", {"item": item})


app = FastAPI(lifespan=lifespan)
app.include_router(router)
# --8<-- [end:program]

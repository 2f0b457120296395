"""What a first application loads: imported under Node before anything else, it has the names, ``loaded``."""

import json
import sys

from ..inside import entry

PROGRAM = """
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
import logging, time, asyncio, secrets, uuid, datetime, decimal, enum, pathlib, functools, hmac
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from pydantic import BaseModel, Field

class Item(BaseModel):
    name: str = Field(min_length=2)

@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield

app = FastAPI(lifespan=lifespan)

def user() -> str:
    return "ann"

@app.middleware("http")
async def middleware(request: Request, call_next):
    return await call_next(request)

@app.post("/items/{number}")
def create(number: int, item: Item, name: Annotated[str, Depends(user)], tasks: BackgroundTasks) -> Item:
    tasks.add_task(print, "created")
    if number == 2:
        raise HTTPException(status_code=404)
    return item
"""
ASKED = """POST /items/1

{"name": "tea"}

POST /items/2

{"name": "tea"}

POST /items/x

{}
"""
run = entry.start('{"bundles": {}, "extensions": {}}', str, lambda text: None)
run(json.dumps({"source": PROGRAM, "name": "main.py", "asked": ASKED}))
loaded = [*sys.modules]

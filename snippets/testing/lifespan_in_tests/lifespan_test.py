# --8<-- [start:program]
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

events: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.names = {1: "plumbus"}  # a pool, a client, a model …
    events.append("startup")
    try:
        yield
    finally:
        events.append("shutdown")


app = FastAPI(lifespan=lifespan)


@app.get("/items/{item_id}")
async def read_item(request: Request, item_id: int) -> str:
    names: dict[int, str] = request.app.state.names
    if item_id not in names:
        raise HTTPException(404)
    return names[item_id]


# The tests. In a project they stand in a file of their own: from main import app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:  # startup
        yield client
    # shutdown


def test_an_item_is_read(client: TestClient) -> None:
    assert client.get("/items/1").json() == "plumbus"
    assert client.get("/items/2").status_code == 404


def test_startup_and_shutdown() -> None:
    events.clear()
    with TestClient(app):
        assert events == ["startup"]
    assert events == ["startup", "shutdown"]


# --8<-- [end:program]

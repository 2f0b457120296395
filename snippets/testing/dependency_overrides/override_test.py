# --8<-- [start:program]
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from pydantic import BaseModel


class User(BaseModel):
    id: int
    name: str


def get_current_user() -> User:
    raise HTTPException(status_code=401)  # reads and checks a token


app = FastAPI()


@app.get("/orders")
def list_orders(user: Annotated[User, Depends(get_current_user)]) -> list[str]:
    return [f"order of {user.name}"]


# The tests. In a project they stand in a file of their own, and import from main.


@pytest.fixture
def client() -> Iterator[TestClient]:
    app.dependency_overrides[get_current_user] = lambda: User(id=1, name="test")
    try:
        with TestClient(app) as client:
            yield client
    finally:
        app.dependency_overrides.clear()


def test_orders_of_the_user(client: TestClient) -> None:
    assert client.get("/orders").json() == ["order of test"]


def test_orders_need_a_user() -> None:
    assert TestClient(app).get("/orders").status_code == 401


# --8<-- [end:program]

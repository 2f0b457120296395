# --8<-- [start:tests]
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from pydantic import BaseModel


class Order(BaseModel):
    item: str


class Mailer:
    def send(self, text: str) -> None:
        print(text)


def get_mailer() -> Mailer:
    return Mailer()


app = FastAPI()


@app.post("/orders", status_code=201)
async def create_order(
    order: Order,
    tasks: BackgroundTasks,
    mailer: Annotated[Mailer, Depends(get_mailer)],
) -> Order:
    if order.item == "coffee":
        raise HTTPException(status_code=409, detail="sold out")
    tasks.add_task(mailer.send, f"ordered: {order.item}")
    return order


# The tests. In a project they stand in a file of their own: from main import app


class Outbox(Mailer):
    def __init__(self) -> None:
        self.mails: list[str] = []

    def send(self, text: str) -> None:
        self.mails.append(text)


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    outbox = Outbox()
    app.dependency_overrides[get_mailer] = lambda: outbox
    yield outbox
    app.dependency_overrides.clear()


@pytest.fixture
def client(outbox: Outbox) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_an_order_is_created(client: TestClient, outbox: Outbox) -> None:
    response = client.post("/orders", json={"item": "tea"})
    assert response.status_code == 201
    assert response.json() == {"item": "tea"}
    assert outbox.mails == ["ordered: tea"]  # the background task has run


def test_what_is_sold_out_is_refused(client: TestClient, outbox: Outbox) -> None:
    response = client.post("/orders", json={"item": "coffee"})
    assert response.status_code == 409
    assert response.json() == {"detail": "sold out"}
    assert outbox.mails == []


def test_an_order_without_an_item_is_invalid(client: TestClient) -> None:
    response = client.post("/orders", json={})
    assert response.status_code == 422


# --8<-- [end:tests]

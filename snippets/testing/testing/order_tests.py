# --8<-- [start:tests]
from fastapi.testclient import TestClient

from snippets.testing.testing.orders_api import app, mails

client = TestClient(app)


def test_that_an_order_is_created_and_a_mail_is_sent() -> None:
    response = client.post("/orders", params={"number": 7})
    assert response.status_code == 201
    assert response.json() == {"number": 7}
    assert mails == ["order 7"]  # the background task has run


def test_that_a_closed_shop_answers_409() -> None:
    response = client.post("/orders", params={"number": 0})
    assert response.status_code == 409
    assert response.json() == {"detail": "the shop is closed"}


# --8<-- [end:tests]

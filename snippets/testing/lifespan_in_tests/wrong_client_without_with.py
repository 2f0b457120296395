from fastapi.testclient import TestClient

from snippets.testing.lifespan_in_tests.lifespan_test import app


# --8<-- [start:check]
def test_an_item_is_read() -> None:
    client = TestClient(app)  # the lifespan never runs
    assert client.get("/items/1").json() == "plumbus"


# --8<-- [end:check]

from fastapi.testclient import TestClient

from snippets.testing.testing.orders_api import app


# --8<-- [start:check]
def check_status() -> None:
    client = TestClient(app)
    assert client.get("/share/0").status_code == 500


# --8<-- [end:check]

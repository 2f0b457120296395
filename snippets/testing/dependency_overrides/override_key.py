import pytest
from fastapi.testclient import TestClient

from snippets.testing.dependency_overrides import orders


# --8<-- [start:check]
def check_orders(monkeypatch: pytest.MonkeyPatch) -> int:
    overrides = orders.app.dependency_overrides
    key = orders.get_current_user
    monkeypatch.setitem(overrides, key, lambda: "alice")
    return TestClient(orders.app).get("/orders").status_code


# --8<-- [end:check]

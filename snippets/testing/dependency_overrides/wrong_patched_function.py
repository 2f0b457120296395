import pytest
from fastapi.testclient import TestClient

from snippets.testing.dependency_overrides import override_test as main


# --8<-- [start:check]
def test_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    user = main.User(id=1, name="test")
    monkeypatch.setattr(main, "get_current_user", lambda: user)
    response = TestClient(main.app).get("/orders")
    assert response.status_code == 200


# --8<-- [end:check]

from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient

from snippets.testing.dependency_overrides import override_test as main


# --8<-- [start:check]
def test_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Mock(return_value=main.User(id=1, name="test"))
    monkeypatch.setitem(
        main.app.dependency_overrides,
        main.get_current_user,
        lambda: fake(),
    )
    response = TestClient(main.app).get("/orders")
    assert response.status_code == 200


# --8<-- [end:check]

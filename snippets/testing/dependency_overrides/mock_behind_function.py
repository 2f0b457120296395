from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient

from snippets.testing.dependency_overrides.orders import app, get_current_user


# --8<-- [start:check]
def check_orders(monkeypatch: pytest.MonkeyPatch) -> int:
    fake = Mock(return_value="alice")
    overrides = app.dependency_overrides
    monkeypatch.setitem(overrides, get_current_user, lambda: fake())
    return TestClient(app).get("/orders").status_code


# --8<-- [end:check]

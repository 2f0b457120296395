from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from snippets.testing.dependency_overrides.orders import app, get_current_user


# --8<-- [start:fixture]
@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    overrides = app.dependency_overrides
    monkeypatch.setitem(overrides, get_current_user, lambda: "alice")
    with TestClient(app) as client:
        yield client


# --8<-- [end:fixture]

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from snippets.logging_and_settings.settings.shop import Settings, app, get_settings

# --8<-- [start:test]
# app, Settings and get_settings are those of main.py


@pytest.fixture
def client() -> Iterator[TestClient]:
    settings = Settings(_env_file=None, api_key="none", page_size=3)
    app.dependency_overrides[get_settings] = lambda: settings
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_page_size(client: TestClient) -> None:
    assert client.get("/page-size").json() == 3
    # --8<-- [end:test]

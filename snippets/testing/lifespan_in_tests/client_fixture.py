from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from snippets.testing.lifespan_in_tests.app_with_lifespan import app


# --8<-- [start:fixture]
@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


# --8<-- [end:fixture]

from fastapi.testclient import TestClient

from snippets.testing.lifespan_in_tests.app_with_lifespan import app


# --8<-- [start:check]
def check_item() -> None:
    with TestClient(app) as client:  # started here, stopped below
        assert client.get("/items/1").json() == "plumbus"


# --8<-- [end:check]

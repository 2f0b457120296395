# --8<-- [start:function]
import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient


def open_routes(app: FastAPI) -> set[str]:
    """Return what answers without a 401, or is no HTTP route."""
    found = set()
    with TestClient(
        app,
        base_url="https://localhost",
        raise_server_exceptions=False,
        follow_redirects=False,  # a redirect is an answer
    ) as client:  # with: the lifespan runs
        for route in iter_route_contexts(app.routes):
            path = route.path or ""
            url = re.sub("{[^}]*}", "1", path)  # /items/{id} becomes /items/1
            methods = route.methods or {"MOUNT"}
            for method in methods - {"HEAD"} or methods:
                if method == "MOUNT" or client.request(method, url).status_code != 401:
                    found.add(f"{method} {path}")
    return found


# --8<-- [end:function]

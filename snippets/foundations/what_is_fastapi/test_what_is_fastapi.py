import base64
import importlib.util
import inspect
import json
import re
import runpy
from importlib.metadata import metadata, requires
from pathlib import Path
from typing import Any

import pydantic.v1
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import PydanticV1NotSupportedError
from fastapi.testclient import TestClient
from packaging.requirements import Requirement
from pydantic import BaseModel
from starlette.applications import Starlette

from snippets.foundations.what_is_fastapi import session_in_a_cookie, whole_app

FOLDER = Path(__file__).parent
NOT_INCLUDED = {
    "alembic",
    "celery",
    "django",
    "flask",
    "passlib",
    "pwdlib",
    "pyjwt",
    "redis",
    "slowapi",
    "sqlalchemy",
    "sqlmodel",
}


def client() -> TestClient:
    return TestClient(whole_app.app)


def exchange(body: dict[str, Any]) -> str:
    response = client().post("/orders", json=body)
    lines = [
        "POST /orders",
        json.dumps(body),
        "",
        f"{response.status_code} {response.reason_phrase}",
        response.text,
    ]
    return "\n".join(lines)


def required(extra: str = "") -> set[str]:
    """Return the names that ``fastapi`` or ``fastapi[extra]`` installs."""
    parsed = [Requirement(line) for line in requires("fastapi") or []]
    return {
        requirement.name
        for requirement in parsed
        if not requirement.marker or requirement.marker.evaluate({"extra": extra})
    }


@pytest.mark.since(starlette="1.2.0")
def test_a_valid_and_an_invalid_order(recorded: Any) -> None:
    recorded("valid.http", exchange({"item": "tea", "boxes": 2}))
    recorded("invalid.http", exchange({"item": "tea", "boxes": 0}))


def test_the_openapi_document_describes_the_model_as_json_schema(recorded: Any) -> None:
    document = client().get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    recorded(
        "schema.json", json.dumps(document["components"]["schemas"]["Order"], indent=2)
    )


def test_both_documentation_pages_are_rendered_from_the_openapi_document() -> None:
    for page, viewer in (("/docs", "SwaggerUIBundle"), ("/redoc", "redoc")):
        text = client().get(page).text
        assert viewer in text
        assert "/openapi.json" in text


def test_the_documentation_pages_load_their_scripts_from_another_host() -> None:
    for page in ("/docs", "/redoc"):
        hosts = re.findall(r'<script src="https://([^/]+)/', client().get(page).text)
        assert hosts == ["cdn.jsdelivr.net"]


def test_the_decorated_function_stays_a_plain_function() -> None:
    order = whole_app.Order(item="tea", boxes=2)
    assert inspect.isfunction(whole_app.create_order)
    assert whole_app.create_order(order).pieces == 12


def test_fastapi_is_starlette_and_its_models_are_pydantic() -> None:
    assert issubclass(FastAPI, Starlette)
    assert issubclass(whole_app.Order, BaseModel)
    assert {"starlette", "pydantic"} <= required()


@pytest.mark.since(fastapi="0.162.6")
def test_fastapi_requires_python_3_11_and_has_the_mit_licence() -> None:
    assert metadata("fastapi")["Requires-Python"] == ">=3.11"
    assert metadata("fastapi")["License-Expression"] == "MIT"


def test_the_application_has_no_server_of_its_own() -> None:
    with pytest.raises(AttributeError, match="'FastAPI' object has no attribute 'run'"):
        runpy.run_path(str(FOLDER / "wrong_app_run.py"), run_name="__main__")
    assert "uvicorn" not in required()


def test_uvicorn_runs_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: served.append(app))
    module = runpy.run_path(str(FOLDER / "uvicorn_run.py"), run_name="__main__")
    assert served == [module["app"]]


@pytest.mark.since(fastapi="0.143.4")
def test_the_standard_extra_adds_a_server_a_command_and_form_parsing() -> None:
    added = required("standard") - required()
    assert {"uvicorn", "fastapi-cli", "python-multipart", "jinja2"} <= added
    assert {"httpx", "httpx2", "email-validator", "pydantic-settings"} <= added
    assert {"fastar", "pydantic-extra-types", "opentelemetry-sdk"} <= added
    cli = [Requirement(line) for line in requires("fastapi-cli") or []]
    assert "fastapi-cloud-cli" in {requirement.name for requirement in cli}


def test_no_database_no_task_queue_no_token_library_is_included() -> None:
    assert not NOT_INCLUDED & required()
    assert not NOT_INCLUDED & required("standard")
    assert not NOT_INCLUDED & required("all")
    names = ("orm", "admin", "cache", "ratelimit", "mail", "migrations")
    assert all(importlib.util.find_spec(f"fastapi.{name}") is None for name in names)


def test_a_session_is_a_cookie_that_the_client_can_read() -> None:
    browser = TestClient(session_in_a_cookie.app)
    browser.post("/basket", params={"item": "tea"})
    payload = browser.cookies["session"].split(".")[0]
    assert json.loads(base64.b64decode(payload)) == {"basket": ["tea"]}
    assert "itsdangerous" not in required("standard")
    assert "itsdangerous" in required("all")


def test_the_client_can_send_an_old_session_again() -> None:
    browser = TestClient(session_in_a_cookie.app)
    browser.post("/basket", params={"item": "tea"})
    old = browser.cookies["session"]
    browser.post("/basket", params={"item": "cake"})
    again = TestClient(session_in_a_cookie.app, cookies={"session": old})
    response = again.post("/basket", params={"item": "coffee"})
    payload = response.cookies["session"].split(".")[0]
    assert json.loads(base64.b64decode(payload)) == {"basket": ["tea", "coffee"]}


def test_models_of_pydantic_v1_are_refused() -> None:
    class OldOrder(pydantic.v1.BaseModel):
        item: str

    with pytest.raises(PydanticV1NotSupportedError):
        FastAPI().post("/orders", response_model=OldOrder)(lambda: None)

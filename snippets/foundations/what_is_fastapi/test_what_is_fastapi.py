import importlib.util
import inspect
import json
import re
import runpy
import subprocess
import sys
import threading
from importlib.metadata import entry_points, metadata, requires
from pathlib import Path
from typing import Any

import pydantic.v1
import pytest
import uvicorn
from fastapi import FastAPI, Response
from fastapi.exceptions import PydanticV1NotSupportedError
from fastapi.testclient import TestClient
from packaging.requirements import Requirement
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Route

from snippets.foundations.what_is_fastapi import whole_app

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


def exchange(method: str, path: str, body: dict[str, Any] | None = None) -> str:
    response = client().request(method, path, json=body)
    lines = [
        f"{method} {path}",
        *([json.dumps(body)] if body else []),
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
def test_a_dict_and_a_valid_and_an_invalid_order(recorded: Any) -> None:
    parts = [
        exchange("GET", "/"),
        exchange("POST", "/orders", {"item": "tea", "boxes": 2}),
        exchange("POST", "/orders", {"item": "tea", "boxes": 0}),
    ]
    recorded("exchanges.http", "\n\n".join(parts))


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
    assert whole_app.create_order(order, size=6).pieces == 12


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


def test_the_command_of_plain_fastapi_refuses() -> None:
    code = "import sys; sys.modules['fastapi_cli'] = None; "
    code += "import fastapi.cli; fastapi.cli.main()"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert 'please install "fastapi[standard]"' in result.stderr
    [command_of_fastapi] = entry_points(group="console_scripts", name="fastapi")
    assert command_of_fastapi.value == "fastapi.cli:main"


def test_a_def_path_operation_runs_in_another_thread_than_async_def() -> None:
    app = FastAPI()
    app.get("/sync")(lambda: threading.get_ident())

    @app.get("/async")
    async def on_the_loop() -> int:
        return threading.get_ident()

    with TestClient(app) as caller:
        assert caller.get("/sync").json() != caller.get("/async").json()


def test_starlette_does_not_read_the_signature_of_an_endpoint() -> None:
    def endpoint(number: int) -> Response:
        return Response(str(number + 1))

    plain = Starlette(routes=[Route("/{number}", endpoint)])
    with pytest.raises(TypeError):  # number is the request
        TestClient(plain).get("/7")
    app = FastAPI()
    app.get("/{number}")(endpoint)
    assert TestClient(app).get("/7").text == "8"


def test_models_of_pydantic_v1_are_refused() -> None:
    class OldOrder(pydantic.v1.BaseModel):
        item: str

    with pytest.raises(PydanticV1NotSupportedError):
        FastAPI().post("/orders", response_model=OldOrder)(lambda: None)

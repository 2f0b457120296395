import importlib
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Optional

import pydantic
import pydantic.v1
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Response, responses, status
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import FastAPIDeprecationWarning, PydanticV1NotSupportedError
from fastapi.security import HTTPBearer
from fastapi.templating import Jinja2Templates
from fastapi.testclient import TestClient
from packaging.requirements import Requirement
from pydantic import BaseModel, Field, PydanticUserError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel.ext.asyncio.session import AsyncSession as AsyncSessionOfSQLModel
from starlette.applications import Starlette
from starlette.routing import Router

from snippets.conftest import run_pytest
from snippets.foundations.upgrade_errors import (
    current_forms,
    event_handler,
    template,
    wrong_template,
    wrong_walk_routes,
)

Older = Callable[[str, str], bool]
PACKAGE = "snippets.foundations.upgrade_errors"
ROOT = Path(__file__).parents[3]


def python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, where nothing was imported before."""
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def warned(action: Callable[[], object]) -> list[tuple[type[Warning], str]]:
    """Return class and text of each warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [(warning.category, str(warning.message)) for warning in caught]


# The program in current forms


def test_the_program_answers_without_a_warning(recorded: Any) -> None:
    parts = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", FastAPIDeprecationWarning)
        with TestClient(current_forms.app) as client:
            for path in ("/items/7", "/items/8"):
                response = client.get(path)
                parts.append(f"GET {path}\n\n{response.status_code}\n{response.text}")
    recorded("answers.http", "\n\n".join(parts))


def test_the_program_refuses_a_long_number_and_escapes_a_name() -> None:
    with TestClient(current_forms.app) as client:
        assert client.get("/items/1234567890").status_code == 422
        item = current_forms.Item(name="A<b>")
        client.app.state.items["9"] = item  # type: ignore[attr-defined]
        assert client.get("/items/9").text == "<h1>A&lt;b&gt;</h1>"


def test_a_class_config_with_orm_mode_is_renamed() -> None:
    def old() -> None:
        class Old(BaseModel):
            class Config:
                orm_mode = True

    text = "\n".join(text for _, text in warned(old))
    assert "'orm_mode' has been renamed to 'from_attributes'" in text
    assert "Support for class-based `config` is deprecated" in text
    read = current_forms.Item.model_validate(SimpleNamespace(name="Pen"))
    assert read.name == "Pen"


# At import or start


def test_add_event_handler_is_gone_from_the_application() -> None:
    text = "'FastAPI' object has no attribute 'add_event_handler'"
    with pytest.raises(AttributeError, match=text):
        importlib.import_module(f"{PACKAGE}.wrong_event_handler")
    with TestClient(event_handler.app):
        assert event_handler.app.state.items == {"7": "Pen"}


def test_on_event_and_on_startup_still_work_and_the_first_warns() -> None:
    done = []
    app = FastAPI(on_startup=[lambda: done.append("on_startup")])

    def add() -> None:
        app.on_event("startup")(  # type: ignore[deprecated]
            lambda: done.append("on_event")
        )

    assert [(DeprecationWarning, True)] == [
        (kind, text.strip().startswith("on_event is deprecated"))
        for kind, text in warned(add)
    ][:1]
    app.router.add_event_handler("startup", lambda: done.append("router"))
    with TestClient(app):
        assert done == ["on_startup", "on_event", "router"]


def test_a_lifespan_silences_the_old_handlers_of_the_application_alone() -> None:
    app = FastAPI(lifespan=event_handler.lifespan, on_startup=[lambda: 1 / 0])
    router = APIRouter(on_startup=[lambda: done.append("router")])
    done: list[str] = []
    with pytest.warns(DeprecationWarning, match="on_event is deprecated"):
        app.on_event("startup")(lambda: 1 / 0)  # type: ignore[deprecated]
    app.include_router(router)
    with TestClient(app):
        assert app.state.items == {"7": "Pen"}
        assert done == ["router"]


@pytest.mark.parametrize("name", ["route", "add_websocket_route"])
def test_route_and_add_websocket_route_are_gone(name: str) -> None:
    with pytest.raises(AttributeError, match=f"object has no attribute '{name}'"):
        getattr(FastAPI(), name)
    assert callable(FastAPI().add_route)


@pytest.mark.parametrize("name", ["middleware", "exception_handler", "websocket_route"])
def test_fastapi_keeps_decorators_that_starlette_dropped(name: str) -> None:
    assert hasattr(FastAPI, name)
    assert not hasattr(Starlette, name)


def test_starlette_has_neither_on_event_nor_on_startup() -> None:
    for kind in (Starlette, Router):
        assert not hasattr(kind, "on_event")
        text = r"__init__\(\) got an unexpected keyword argument 'on_startup'"
        with pytest.raises(TypeError, match=text):
            kind(on_startup=[])  # type: ignore[call-arg]


def test_templates_take_no_options_of_the_environment() -> None:
    text = "got an unexpected keyword argument 'autoescape'"
    with pytest.raises(TypeError, match=text):
        Jinja2Templates(directory=".", autoescape=True)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", ["openapi_prefix", "colour"])
def test_an_unknown_argument_of_the_application_is_a_type_error(
    name: str, older: Older
) -> None:
    options: dict[str, Any] = {name: "/api"}
    if older("fastapi", "0.145.0"):
        assert FastAPI(**options).routes
        return
    text = f"got an unexpected keyword argument '{name}'"
    with pytest.raises(TypeError, match=text):
        FastAPI(**options)


class Old(pydantic.v1.BaseModel):
    name: str


def test_models_of_pydantic_1_are_refused() -> None:
    start = "pydantic.v1 models are no longer supported by FastAPI. Please update the "
    app = FastAPI()
    with pytest.raises(PydanticV1NotSupportedError, match=f"{start}response model"):
        app.get("/", response_model=Old)(lambda: None)
    with pytest.raises(PydanticV1NotSupportedError, match=start):

        @app.post("/")
        def body(item: Old) -> None: ...

    with pytest.raises(PydanticV1NotSupportedError, match=f"{start}model"):
        jsonable_encoder(Old(name="Pen"))


def test_pydantic_v1_warns_under_python_3_14_until_2_13(older: Older) -> None:
    code = (
        "import warnings; warnings.simplefilter('error', UserWarning)\n"
        "from typing import Optional\n"
        "from pydantic.v1 import BaseModel\n"
        "class Old(BaseModel):\n    name: Optional[str] = None\n"
        "print(Old(name='Pen'))"
    )
    result = python(code)
    if older("pydantic", "2.13.0") and not older("python", "3.14"):
        assert "isn't compatible with Python 3.14 or greater" in result.stderr
    else:
        assert result.stdout == "name='Pen'\n", result.stderr


def test_base_settings_have_moved() -> None:
    with pytest.raises(pydantic.PydanticImportError, match="`BaseSettings` has been"):
        pydantic.BaseSettings  # noqa: B018
    assert importlib.import_module("pydantic_settings").BaseSettings


def test_regex_is_removed_in_a_field_and_deprecated_in_a_query() -> None:
    with pytest.raises(PydanticUserError, match="`regex` is removed"):
        Field(regex="a")  # type: ignore[call-overload]
    text = "`regex` has been deprecated, please use `pattern` instead"
    assert (FastAPIDeprecationWarning, text) in warned(lambda: Query(regex="a"))


def test_an_optional_field_without_a_default_is_required() -> None:
    class Item(BaseModel):
        name: Optional[str]  # noqa: UP045

    with pytest.raises(pydantic.ValidationError, match="Field required"):
        Item()  # type: ignore[call-arg]


# At a request


def test_a_template_with_its_name_first_is_a_type_error() -> None:
    client = TestClient(wrong_template.app)
    with pytest.raises(TypeError, match="unhashable type: 'dict'"):
        client.get("/")
    assert TestClient(template.app).get("/").text == "<h1>Pen</h1>"


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.html", "&lt;b&gt;"),
        ("a.htm", "&lt;b&gt;"),
        ("a.xml", "&lt;b&gt;"),
        ("a.html.j2", "<b>"),
    ],
)
def test_only_some_names_of_templates_are_escaped(
    name: str, page: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("{{ value }}")
    templates = Jinja2Templates(directory=tmp_path)
    assert templates.get_template(name).render(value="<b>") == page


def test_an_included_router_has_no_path(older: Older) -> None:
    if older("fastapi", "0.137.0"):
        assert wrong_walk_routes.paths(wrong_walk_routes.app) == ["/items/{item_id}"]
        return
    text = "'_IncludedRouter' object has no attribute 'path'"
    with pytest.raises(AttributeError, match=text):
        wrong_walk_routes.paths(wrong_walk_routes.app)


@pytest.mark.since(fastapi="0.137.2")
def test_route_contexts_have_the_whole_path() -> None:
    from snippets.foundations.upgrade_errors import list_routes

    assert list_routes.paths(list_routes.app) == ["/items/{item_id}"]
    documents = list_routes.paths(FastAPI())
    assert "/docs" in documents


def test_the_openapi_document_lists_the_paths_on_each_release() -> None:
    assert list(current_forms.app.openapi()["paths"]) == ["/items/{item_id}"]


def test_exec_is_a_method_of_sqlmodel() -> None:
    with pytest.raises(AttributeError, match="'AsyncSession' object has no attribute"):
        AsyncSession().exec  # type: ignore[attr-defined]  # noqa: B018
    assert issubclass(AsyncSessionOfSQLModel, AsyncSession)
    assert callable(AsyncSessionOfSQLModel().exec)


def test_json_without_a_content_type_is_a_422_and_missing_credentials_a_401() -> None:
    app = FastAPI()

    @app.post("/")
    def body(item: current_forms.Item) -> str:
        return item.name

    @app.get("/bearer", dependencies=[Depends(HTTPBearer())])
    def bearer() -> None: ...

    client = TestClient(app)
    assert client.post("/", content=b'{"name": "Pen"}').status_code == 422
    assert client.get("/bearer").status_code == 401


# Warnings


def test_the_old_name_of_422_warns_by_default(older: Older) -> None:
    caught = warned(lambda: status.HTTP_422_UNPROCESSABLE_ENTITY)
    text = "'HTTP_422_UNPROCESSABLE_ENTITY' is deprecated. Use 'HTTP_422_UNPROCESSABLE_CONTENT' instead."
    assert [text] == [text for _, text in caught]
    hidden = older("starlette", "1.3.1")
    assert issubclass(caught[0][0], DeprecationWarning) is hidden


def test_without_httpx2_the_test_client_says_so(older: Older) -> None:
    without = "import sys; sys.modules['httpx2'] = None\n"
    result = python(f"{without}import fastapi.testclient")
    if older("starlette", "1.2.0"):
        assert result.stderr == ""
        return
    assert "Using `httpx` with `starlette.testclient` is deprecated" in result.stderr
    result = python(f"{without}sys.modules['httpx'] = None\nimport fastapi.testclient")
    text = "The starlette.testclient module requires the httpx2 package"
    assert text in result.stderr


def test_orjson_response_is_deprecated() -> None:
    kind = getattr(responses, "ORJSONResponse")  # noqa: B009
    kinds = [category for category, _ in warned(lambda: kind({}))]
    assert kinds == [FastAPIDeprecationWarning]


def test_root_path_is_deprecated(older: Older) -> None:
    caught = warned(lambda: FastAPI(root_path="/api"))
    texts = [text for _, text in caught]
    assert bool(texts) is not older("fastapi", "0.146.0")
    assert all(text.startswith("The `root_path` parameter") for text in texts)


def test_uvicorn_loads_websockets_legacy_only_when_asked(older: Older) -> None:
    strict = "-Werror::DeprecationWarning"
    default = python("import uvicorn.protocols.websockets.auto", strict)
    assert ("websockets.legacy is deprecated" in default.stderr) is older(
        "uvicorn", "0.50.0"
    )
    asked = python("import uvicorn.protocols.websockets.websockets_impl", strict)
    assert "websockets.legacy is deprecated" in asked.stderr
    sansio = "uvicorn.protocols.websockets.websockets_sansio_impl"
    assert python(f"import {sansio}", strict).returncode == 0


def test_the_import_name_multipart_warns() -> None:
    result = python("import multipart", "-Walways")
    assert "Please use `import python_multipart` instead." in result.stderr


def test_dict_and_from_orm_are_deprecated() -> None:
    item = current_forms.Item(name="Pen")
    [(kind, text)] = warned(item.dict)  # type: ignore[deprecated]
    assert text.startswith("The `dict` method is deprecated; use `model_dump` instead")
    assert issubclass(kind, DeprecationWarning)


# How to upgrade


def test_fastapi_sets_no_upper_limit_for_starlette(older: Older) -> None:
    [starlette] = [
        line.specifier
        for line in map(Requirement, requires("fastapi") or [])
        if line.name == "starlette"
    ]
    assert [part.operator for part in starlette] == [">="]
    if not older("fastapi", "0.165.0"):
        assert not starlette.contains("1.5.0")


def test_pytest_lists_the_old_forms_and_can_make_failures_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_old.py").write_text(
        "from fastapi import status\n\n\n"
        "def test_old():\n    assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422\n"
    )
    old = "'HTTP_422_UNPROCESSABLE_ENTITY' is deprecated"

    def run(*options: str) -> str:
        options = ("--rootdir", str(tmp_path), *options)
        return run_pytest(tmp_path, "-q", *options, "test_old.py").stdout

    listed = run()
    assert old in listed
    assert "1 passed, 1 warning" in listed
    strict = ("-W", "error", "-p", "no:asyncio")
    failed = run(*strict)
    assert "1 failed" in failed
    assert re.search(r"test_old\.py:5", failed)
    warns = "import warnings\n\nwarnings.warn('of a library')\n"
    (tmp_path / "library.py").write_text(warns)
    with (tmp_path / "test_old.py").open("a") as file:
        file.write("\n\nimport library\n")
    stopped = run(*strict)
    assert "1 error" in stopped
    assert old not in stopped


@pytest.mark.since(fastapi="0.137.2")
def test_route_contexts_keep_a_mount_as_one_entry() -> None:
    from snippets.foundations.upgrade_errors import list_routes

    inner, app = FastAPI(), FastAPI(openapi_url=None)
    inner.get("/inner")(lambda: None)
    app.mount("/sub", inner)
    assert list_routes.paths(app) == ["/sub"]


def test_a_response_of_the_client_is_not_one_of_httpx(older: Older) -> None:
    import httpx

    answer: object = TestClient(event_handler.app).get("/")
    assert isinstance(answer, httpx.Response) is older("starlette", "1.2.0")
    assert not isinstance(answer, Response)

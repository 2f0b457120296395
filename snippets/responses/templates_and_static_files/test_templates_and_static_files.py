import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from fastapi.testclient import TestClient
from starlette.routing import NoMatchFound

from snippets.responses.templates_and_static_files import (
    escaped_for_each_name,
    item_pages,
    static_files,
    wrong_name_of_template,
    wrong_old_signature,
    wrong_project_folder,
)

SCRIPT = "<script>alert(1)</script>"


def page_of(templates: Jinja2Templates, name: str, context: dict[str, Any]) -> str:
    app = FastAPI()

    @app.get("/")
    def read(request: Request) -> HTMLResponse:
        return templates.TemplateResponse(request, name, context)

    return TestClient(app).get("/").text


def written(folder: Path, name: str, text: str) -> Jinja2Templates:
    (folder / name).write_text(text)
    return Jinja2Templates(directory=folder)


def test_the_page_is_rendered(recorded: Any) -> None:
    client = TestClient(item_pages.app)
    response = client.get("/items/2")
    head = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
    kind = response.headers["content-type"]
    recorded("page.http", f"{head}\ncontent-type: {kind}\n\n{response.text}")
    assert SCRIPT not in response.text
    assert client.get("/items/3").status_code == 404
    assert client.get("/items/1").status_code == 200


def test_the_old_signature_is_an_unhashable_dict() -> None:
    with pytest.raises(TypeError, match="unhashable type: 'dict'"):
        TestClient(wrong_old_signature.app).get("/")


def test_the_old_keywords_lack_the_request() -> None:
    response: Any = item_pages.templates.TemplateResponse
    message = "missing 1 required positional argument: 'request'"
    with pytest.raises(TypeError, match=message):
        response(name="item.html", context={})
    with pytest.raises(TypeError, match="argument: 'name'"):
        response("item.html")


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    templates = Jinja2Templates(directory=tmp_path)
    with pytest.raises(jinja2.TemplateNotFound) as error:
        page_of(templates, "no.html", {})
    assert str(error.value) == f"'no.html' not found in search path: '{tmp_path}'"


def test_without_jinja2_the_import_says_so() -> None:
    code = "import sys; sys.modules['jinja2'] = None; import fastapi.templating"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "jinja2 must be installed to use Jinja2Templates" in result.stderr


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a.html", True),
        ("a.htm", True),
        ("a.xml", True),
        ("a.html.j2", False),
        ("a.jinja", False),
        ("a.txt", False),
    ],
)
def test_the_end_of_the_name_decides_whether_values_are_escaped(
    name: str, escaped: bool, tmp_path: Path
) -> None:
    page = page_of(written(tmp_path, name, "{{ it }}"), name, {"it": SCRIPT})
    assert (page != SCRIPT) is escaped


def test_a_template_named_j2_is_not_escaped_by_default_and_is_with_the_environment(
    tmp_path: Path,
) -> None:
    name = wrong_name_of_template.page
    assert wrong_name_of_template.templates.env.autoescape(name) is False  # type: ignore[operator]
    environment = escaped_for_each_name.environment
    templates = Jinja2Templates(
        env=environment.overlay(loader=jinja2.DictLoader({name: "{{ it }}"}))
    )
    assert "&lt;script&gt;" in page_of(templates, name, {"it": SCRIPT})


def test_an_environment_without_autoescape_escapes_nothing() -> None:
    loader = jinja2.DictLoader({"a.html": "{{ it }}"})
    templates = Jinja2Templates(env=jinja2.Environment(loader=loader))
    assert page_of(templates, "a.html", {"it": SCRIPT}) == SCRIPT


def test_a_shared_dictionary_keeps_the_request_of_the_first_client(
    tmp_path: Path,
) -> None:
    (tmp_path / "hello.html").write_text("Hello {{ request.cookies.user }}")
    templates = Jinja2Templates(tmp_path)
    shared: dict[str, Any] = {"title": "Shop"}
    app = FastAPI()

    @app.get("/shared", response_class=HTMLResponse)
    def read_shared(request: Request) -> HTMLResponse:
        return templates.TemplateResponse(request, "hello.html", shared)

    @app.get("/anew", response_class=HTMLResponse)
    def read_anew(request: Request) -> HTMLResponse:
        return templates.TemplateResponse(request, "hello.html", {"title": "Shop"})

    for user, told in (("ann", "Hello ann"), ("bob", "Hello ann")):
        client = TestClient(app, cookies={"user": user})
        assert client.get("/shared").text == told
        assert client.get("/anew").text == f"Hello {user}"


def test_a_value_without_quotes_adds_an_attribute(tmp_path: Path) -> None:
    text = "<p class={{ it }}>"
    page = page_of(written(tmp_path, "a.html", text), "a.html", {"it": "x onclick=f()"})
    assert page == "<p class=x onclick=f()>"


def test_escaping_stops_no_javascript_address_and_no_safe(tmp_path: Path) -> None:
    text = '<a href="{{ it }}">x</a>{{ html | safe }}'
    templates = written(tmp_path, "a.html", text)
    page = page_of(templates, "a.html", {"it": "javascript:alert(1)", "html": SCRIPT})
    assert "javascript:alert(1)" in page
    assert SCRIPT in page


def test_tojson_makes_a_value_safe_inside_a_script(tmp_path: Path) -> None:
    text = "<script>const name = {{ it | tojson }};</script>"
    page = page_of(written(tmp_path, "a.html", text), "a.html", {"it": "</script>"})
    assert page.count("</script>") == 1


def test_an_unknown_name_is_empty_and_an_error_with_strict_undefined(
    tmp_path: Path,
) -> None:
    templates = written(tmp_path, "a.html", "[{{ nmae }}]")
    assert page_of(templates, "a.html", {}) == "[]"
    strict = Jinja2Templates(
        env=escaped_for_each_name.environment.overlay(
            loader=jinja2.FileSystemLoader(tmp_path)
        )
    )
    with pytest.raises(jinja2.UndefinedError, match="'nmae' is undefined"):
        page_of(strict, "a.html", {})


def test_url_for_gives_an_absolute_address_of_the_host_header(tmp_path: Path) -> None:
    templates = written(
        tmp_path, "a.html", "{{ url_for('read') }} {{ url_for('read').path }}"
    )
    app = FastAPI()

    @app.get("/page")
    def read(request: Request) -> HTMLResponse:
        return templates.TemplateResponse(request, "a.html")

    page = TestClient(app).get("/page", headers={"Host": "evil.example"}).text
    assert page == "http://evil.example/page /page"


def test_url_for_finds_a_static_file_by_the_name_of_the_mount(tmp_path: Path) -> None:
    text = "{{ url_for('static', path='hello.txt').path }}"
    templates = written(tmp_path, "a.html", text)
    app = FastAPI()

    @app.get("/")
    def read(request: Request) -> HTMLResponse:
        return templates.TemplateResponse(request, "a.html")

    with pytest.raises(NoMatchFound, match='No route exists for name "static"'):
        TestClient(app).get("/")
    app.mount("/static", static_files.static, name="static")
    assert TestClient(app).get("/").text == "/static/hello.txt"


def test_the_test_client_sees_template_and_context() -> None:
    response: Any = TestClient(item_pages.app).get("/items/1")
    assert response.template.name == "item.html"
    assert response.context["item"].name == "Tea"


def test_the_template_is_rendered_when_the_response_is_made(tmp_path: Path) -> None:
    templates = written(tmp_path, "a.html", "{{ call() }}")
    calls = []
    request = Request({"type": "http", "headers": []})
    context = {"call": lambda: calls.append(1)}
    templates.TemplateResponse(request, "a.html", context)
    assert calls == [1]


def test_static_files_are_served_with_an_etag() -> None:
    client = TestClient(static_files.app)
    response = client.get("/static/hello.txt")
    assert response.text == "Hello from a file\n"
    assert "cache-control" not in response.headers
    headers = {"If-None-Match": response.headers["etag"]}
    assert client.get("/static/hello.txt", headers=headers).status_code == 304
    part = client.get("/static/hello.txt", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.text) == (206, "Hello")


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing.txt", "/../item_pages.py", "/..%2fitem_pages.py"]
)
def test_a_folder_an_unknown_file_and_a_way_out_are_404(path: str) -> None:
    assert TestClient(static_files.app).get(f"/static{path}").status_code == 404


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "static"
    with pytest.raises(RuntimeError, match=re.escape(f"Directory '{missing}' does")):
        StaticFiles(directory=missing)
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=missing, check_dir=False))
    with pytest.raises(RuntimeError, match="does not exist"):
        TestClient(app).get("/static/hello.txt")


def test_dependencies_of_the_application_do_not_guard_static_files() -> None:
    def refuse() -> None:
        raise HTTPException(401)

    app = FastAPI(dependencies=[Depends(refuse)])
    app.mount("/static", static_files.static)
    assert TestClient(app).get("/static/hello.txt").status_code == 200


def test_a_mount_of_the_working_directory_serves_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PASSWORD=x")
    monkeypatch.chdir(tmp_path)
    client = TestClient(wrong_project_folder.app)
    assert client.get("/static/.env").text == "PASSWORD=x"


def test_a_changed_template_is_used_without_a_restart(tmp_path: Path) -> None:
    templates = written(tmp_path, "a.html", "old")
    assert page_of(templates, "a.html", {}) == "old"
    (tmp_path / "a.html").write_text("newer")
    os.utime(tmp_path / "a.html", (1, 1))
    assert page_of(templates, "a.html", {}) == "newer"


def test_a_template_extends_a_layout_of_the_same_folder(tmp_path: Path) -> None:
    written(tmp_path, "base.html", "<main>{% block body %}none{% endblock %}</main>")
    page = '{% extends "base.html" %}{% block body %}{{ it }}{% endblock %}'
    templates = written(tmp_path, "page.html", page)
    assert page_of(templates, "page.html", {"it": "tea"}) == "<main>tea</main>"

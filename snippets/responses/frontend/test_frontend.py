import asyncio
import email.message
import os
import warnings
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient

from snippets.conftest import Nginx
from snippets.responses.frontend import (
    cache_headers,
    frontend_beside_api,
    unknown_api_paths,
    wrong_catch_all,
    wrong_static_first,
)

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FETCH = {"Accept": "*/*"}
AXIOS = {"Accept": "application/json, text/plain, */*"}
INDEX = '<!doctype html><div id="root"></div><script src="/assets/app-1.js"></script>'
SCRIPT = """
const root = document.getElementById("root");
async function show() {
  const response = await fetch("/api/items");
  root.textContent = location.pathname + " " + (await response.json()).join(" ");
}
window.addEventListener("click", () => { history.pushState({}, "", "/items/7"); show(); });
show();
"""


@pytest.fixture(autouse=True)
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the server, with a build of a frontend in it."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets/app-1.js").write_text(SCRIPT)
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.chdir(tmp_path)
    return folder


def test_what_the_application_answers(recorded: Any) -> None:
    client = TestClient(frontend_beside_api.app, follow_redirects=False)
    lines = []
    for method, path, accept in [
        ("GET", "/", BROWSER),
        ("GET", "/assets/app-1.js", FETCH),
        ("GET", "/items/7", BROWSER),
        ("GET", "/api/items", FETCH),
        ("GET", "/api/nothing", FETCH),
        ("GET", "/api/nothing", BROWSER),
        ("GET", "/assets/old.js", FETCH),
        ("POST", "/api/items", FETCH),
        ("POST", "/items/7", FETCH),
    ]:
        response = client.request(method, path, headers=accept)
        what = "index.html" if response.text == INDEX else response.text.strip()
        what = "the script" if response.text == SCRIPT else what
        who = "address bar" if accept is BROWSER else "fetch"
        lines.append(f"{method:4} {path:17} {who:12} {response.status_code} {what}")
    recorded("answers.txt", "\n".join(lines))
    assert len(lines) == 9


@pytest.mark.site
def test_in_a_browser_the_page_calls_the_api_and_survives_a_reload(
    serve: Any, in_browser: Any
) -> None:
    with serve(frontend_beside_api.app) as (address, _):

        def visit(page: Any) -> list[str]:
            seen = []
            requests: list[str] = []
            page.on("request", lambda request: requests.append(request.method))
            page.goto(address)
            page.get_by_text("/ tea coffee").wait_for()
            page.click("body")
            page.get_by_text("/items/7 tea coffee").wait_for()
            page.reload()
            page.get_by_text("/items/7 tea coffee").wait_for()
            seen.append(page.url)
            seen += sorted(set(requests))
            return seen

        assert in_browser(visit) == [f"{address}/items/7", "GET"]


def test_no_cors_header_is_sent() -> None:
    client = TestClient(frontend_beside_api.app)
    response = client.get("/api/items", headers={"Origin": "http://testserver"})
    assert not [name for name in response.headers if "access-control" in name]


def test_the_order_of_the_lines_makes_no_difference() -> None:
    app = FastAPI()
    app.frontend("/", directory="dist")

    @app.get("/api/items")
    def later() -> list[str]:
        return ["tea"]

    assert TestClient(app).get("/api/items").json() == ["tea"]
    assert TestClient(app).get("/docs").status_code == 200


def test_a_path_operation_with_another_method_takes_the_client_side_route() -> None:
    app = FastAPI()
    app.frontend("/", directory="dist")
    app.post("/login")(lambda: "in")
    assert TestClient(app).get("/login", headers=BROWSER).status_code == 405


def test_axios_gets_a_404_too() -> None:
    client = TestClient(frontend_beside_api.app)
    assert client.get("/api/nothing", headers=AXIOS).status_code == 404


def test_a_route_of_the_router_makes_each_unknown_path_a_404() -> None:
    client = TestClient(unknown_api_paths.app)
    for accept in (BROWSER, FETCH):
        response = client.get("/api/nothing", headers=accept)
        assert response.json() == {"detail": "No such path in the API"}
        assert response.status_code == 404
    assert client.get("/api/items").json() == ["tea", "coffee"]
    assert client.post("/api/items").status_code == 405
    assert client.get("/api/items/").status_code == 404
    assert TestClient(frontend_beside_api.app).get("/api/items/").status_code == 200
    assert client.get("/items/7", headers=BROWSER).text == INDEX
    assert "/api/{path}" not in client.get("/openapi.json").json()["paths"]


def test_the_route_for_unknown_paths_hides_what_is_included_later() -> None:
    users = APIRouter(prefix="/api")
    users.get("/users")(lambda: "users")
    early, late = FastAPI(), FastAPI()
    for app, routers in [
        (early, [unknown_api_paths.api, users]),
        (late, [users, unknown_api_paths.api]),
    ]:
        for router in routers:
            app.include_router(router)
    assert TestClient(early).get("/api/users").status_code == 404
    assert TestClient(late).get("/api/users").json() == "users"


def test_a_page_of_its_own_is_found_with_its_whole_name_or_as_a_folder(
    dist: Path,
) -> None:
    (dist / "about.html").write_text("about")
    (dist / "blog").mkdir()
    (dist / "blog/index.html").write_text("blog")
    client = TestClient(frontend_beside_api.app)
    for path, text in [
        ("/about", INDEX),
        ("/about.html", "about"),
        ("/blog/", "blog"),
        ("/blog", "blog"),
    ]:
        assert client.get(path, headers=BROWSER).text == text


def test_a_404_page_takes_the_place_of_index_html(dist: Path) -> None:
    (dist / "404.html").write_text("lost")
    client = TestClient(frontend_beside_api.app)
    response = client.get("/items/7", headers=BROWSER)
    assert (response.status_code, response.text) == (404, "lost")
    assert client.get("/assets/old.js", headers=FETCH).text == "lost"
    app = FastAPI()
    app.frontend("/", directory="dist", fallback="index.html")
    assert TestClient(app).get("/items/7", headers=BROWSER).text == INDEX


def test_without_the_build_the_start_fails_and_with_fastapi_dev_it_warns(
    monkeypatch: pytest.MonkeyPatch, older: Any
) -> None:
    app = FastAPI()
    with pytest.raises(RuntimeError, match="Frontend directory 'out' does not exist"):
        app.frontend("/", directory="out")
    if older("fastapi", "0.141.0"):
        return
    monkeypatch.setenv("FASTAPI_ENV", "development")
    with pytest.warns(UserWarning, match="Frontend directory 'out' does not exist"):
        app.frontend("/", directory="out")


def test_without_the_build_and_without_the_check_each_page_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "dist")
    app = FastAPI()
    app.frontend("/", directory="dist", check_dir=False)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/", headers=BROWSER).status_code == 500
    assert client.get("/api/nothing", headers=FETCH).status_code == 500
    assert client.post("/nothing").status_code == 500


def test_the_files_have_an_etag_and_no_cache_control() -> None:
    client = TestClient(frontend_beside_api.app)
    response = client.get("/", headers=BROWSER)
    assert "cache-control" not in response.headers
    again = client.get(
        "/", headers=BROWSER | {"If-None-Match": response.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.since(fastapi="0.141.1")
def test_a_dependency_sets_cache_control() -> None:
    client = TestClient(cache_headers.app)
    page = client.get("/items/7", headers=BROWSER)
    assert page.headers["cache-control"] == "no-cache"
    script = client.get("/assets/app-1.js", headers=FETCH)
    assert script.headers["cache-control"].endswith("immutable")
    missing = client.get("/assets/old.js", headers=FETCH)
    assert missing.status_code == 404
    assert "cache-control" not in missing.headers
    etag = page.headers["etag"]
    again = client.get("/", headers=BROWSER | {"If-None-Match": etag})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


def test_a_new_build_with_the_old_time_and_size_is_a_304(dist: Path) -> None:
    index = dist / "index.html"
    client = TestClient(cache_headers.app)
    validators = []
    for build in ("app-1.js", "app-2.js"):
        index.write_text(f'<script src="/assets/{build}"></script>')
        os.utime(index, (315532801, 315532801))  # that of buildpacks
        page = client.get("/", headers=BROWSER)
        assert build in page.text
        validators.append(page.headers["etag"])
    assert validators[0] == validators[1]
    again = client.get("/", headers=BROWSER | {"If-None-Match": validators[0]})
    assert again.status_code == 304


@pytest.mark.since(fastapi="0.141.1")
@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/xhtml+xml"])
@pytest.mark.parametrize("path", ["old.js", "..%2findex.html", ""])
def test_nothing_else_is_kept_in_the_place_of_an_asset(
    accept: str, path: str, dist: Path
) -> None:
    (dist / "404.html").write_text("lost")
    client = TestClient(cache_headers.app)
    missing = client.get(f"/assets/{path}", headers={"Accept": accept})
    assert missing.status_code == 404
    assert "cache-control" not in missing.headers


@pytest.mark.since(fastapi="0.139.0")
def test_a_dependency_guards_the_files() -> None:
    def refuse() -> None:
        raise HTTPException(401)

    app = FastAPI()
    pages = APIRouter(dependencies=[Depends(refuse)])
    pages.frontend("/", directory="dist")
    app.include_router(pages)
    assert TestClient(app).get("/", headers=BROWSER).status_code == 401


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt"]
)
def test_no_file_outside_the_build_is_served(path: str) -> None:
    client = TestClient(frontend_beside_api.app)
    for accept in (BROWSER, FETCH):
        assert "secret" not in client.get(path, headers=accept).text


def test_a_symbolic_link_that_leads_out_is_not_followed(
    dist: Path, tmp_path: Path
) -> None:
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    client = TestClient(frontend_beside_api.app)
    assert client.get("/link.txt", headers=FETCH).status_code == 404


def test_the_catch_all_route_serves_files_outside_the_build() -> None:
    client = TestClient(wrong_catch_all.app)
    assert client.get("/..%2fsecret.txt").text == "secret"


def test_the_catch_all_route_answers_html_for_a_script_that_is_gone() -> None:
    response = TestClient(wrong_catch_all.app).get("/assets/old.js", headers=FETCH)
    assert response.headers["content-type"].startswith("text/html")
    assert response.status_code == 200


def test_static_files_before_the_api_answer_for_it() -> None:
    client = TestClient(wrong_static_first.app)
    assert client.get("/api/items").status_code == 404
    assert client.post("/api/items").status_code == 405


def test_static_files_after_the_api_know_no_client_side_routes() -> None:
    app = FastAPI()
    app.include_router(wrong_static_first.api)
    app.mount("/", StaticFiles(directory="dist", html=True))
    client = TestClient(app)
    assert client.get("/api/items").json() == ["tea", "coffee"]
    assert client.get("/", headers=BROWSER).text == INDEX
    assert client.get("/items/7", headers=BROWSER).status_code == 404
    assert client.get("/api/items/", headers=FETCH).status_code == 404


def test_a_frontend_below_a_path() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app = FastAPI()
        app.frontend("/admin", directory="dist")
    client = TestClient(app)
    assert client.get("/admin/users", headers=BROWSER).text == INDEX
    assert client.get("/users", headers=BROWSER).status_code == 404


@pytest.mark.since(fastapi="0.139.1")
def test_a_client_side_route_may_contain_a_dot() -> None:
    client = TestClient(frontend_beside_api.app)
    assert client.get("/users/john.doe", headers=BROWSER).text == INDEX


def test_fallback_none_switches_both_pages_off(dist: Path) -> None:
    app = FastAPI()
    app.frontend("/", directory="dist", fallback=None)
    assert TestClient(app).get("/items/7", headers=BROWSER).status_code == 404
    (dist / "404.html").write_text("lost")
    answer = TestClient(app).get("/items/7", headers=BROWSER)
    assert answer.json() == {"detail": "Not Found"}


def test_each_comma_of_accept_is_work_on_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loops = []

    class Counted(email.message.Message):
        def __init__(self) -> None:
            loops.append(asyncio.get_running_loop())  # raises in another thread
            super().__init__()

    monkeypatch.setattr("fastapi.routing.email.message.Message", Counted)
    client = TestClient(frontend_beside_api.app)
    assert client.get("/x", headers={"Accept": "," * 5000}).status_code == 404
    assert len(loops) == 5001


def test_uvicorn_takes_a_long_header_and_nginx_refuses_it(
    nginx: Nginx, serve: Any
) -> None:
    headers = {"Accept": "," * 300_000}  # no work for a path operation
    with serve(frontend_beside_api.app, http="httptools") as (address, _):
        direct = httpx2.get(f"{address}/api/items", headers=headers)
        with nginx(f"location / {{ proxy_pass {address}; }}") as front:
            refused = httpx2.get(f"{front}/api/items", headers=headers)
            taken = httpx2.get(f"{front}/api/items", headers={"Accept": "," * 8000})
    assert [x.status_code for x in (direct, refused, taken)] == [200, 400, 200]


def test_nginx_serves_the_build_and_passes_on_the_api(
    nginx: Nginx, serve: Any, dist: Path
) -> None:
    app = FastAPI()
    app.include_router(frontend_beside_api.api)
    with serve(app) as (address, _):
        lines = f"""
        root {dist};
        location / {{ try_files $uri /index.html; }}
        location /assets/ {{ try_files $uri =404; }}
        location /api/ {{ proxy_pass {address}; }}
        """
        with nginx(lines) as front, httpx2.Client(base_url=front) as client:
            assert client.get("/items/7").text == INDEX
            assert client.get("/assets/app-1.js").text == SCRIPT
            assert client.get("/assets/old.js").status_code == 404
            assert client.get("/api/items").json() == ["tea", "coffee"]

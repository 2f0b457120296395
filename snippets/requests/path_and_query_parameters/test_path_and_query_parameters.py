import asyncio
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi import Path as PathParameter
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from httpx2 import AsyncClient, Response

from snippets.requests.path_and_query_parameters import (
    file_below_a_folder,
    files,
    posts,
    same_name,
    token_in_header,
    wrong_file,
    wrong_name,
    wrong_token_in_query,
)

Recorder = Callable[[str, str], None]


def exchange(client: TestClient, target: str) -> str:
    response = client.get(target)
    return (
        f"GET {target}\n{response.status_code} {response.reason_phrase}  "
        f"{json.dumps(response.json())}"
    )


def served(app: FastAPI, target: str, headers: dict[str, str]) -> Response:
    """Answer one request by a real server, whose access log the caller captures."""

    async def run() -> Response:
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            task = asyncio.create_task(server.serve([listener]))
            try:
                async with AsyncClient(trust_env=False) as client:
                    return await client.get(
                        f"http://127.0.0.1:{port}{target}", headers=headers
                    )
            finally:
                server.should_exit = True
                await task

    return asyncio.run(run())


def test_path_names_the_user_and_query_refines_the_answer() -> None:
    client = TestClient(posts.app)
    response = client.get("/users/123/posts?city=Rome&newest_first=no&tags=a&tags=b")
    assert response.json() == {
        "user": "ann",
        "city": "Rome",
        "q": None,
        "newest_first": False,
        "tags": ["a", "b"],
    }


@pytest.mark.since(starlette="1.2.0")
def test_404_and_422_have_different_causes(recorded: Recorder) -> None:
    client = TestClient(posts.app)
    recorded("answer.txt", exchange(client, "/users/123/posts?city=Rome&tags=a&tags=b"))
    targets = {
        "/users/7/posts?city=Rome": 404,  # the path operation raised HTTPException
        "/users//posts?city=Rome": 404,  # no route matches
        "/users/abc/posts?city=Rome": 422,  # a route matches, the value does not fit
        "/users/123/posts": 422,
    }
    assert [client.get(t).status_code for t in targets] == list(targets.values())
    recorded("statuses.txt", "\n\n".join(exchange(client, t) for t in targets))


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("/users/0/posts?city=Rome", ["path", "user_id"]),
        ("/users/123/posts?city=Rome&q=" + 51 * "a", ["query", "q"]),
        ("/users/123/posts?city=Rome&newest_first=maybe", ["query", "newest_first"]),
        ("/users/123/posts", ["query", "city"]),
    ],
)
def test_a_value_outside_of_its_limits_is_422_and_names_its_place(
    target: str, place: list[str]
) -> None:
    response = TestClient(posts.app).get(target)
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [place]


def test_a_path_parameter_does_not_choose_the_endpoint() -> None:
    operations = posts.app.openapi()["paths"]
    assert list(operations) == ["/users/{user_id}/posts"]
    client = TestClient(posts.app)
    assert client.get("/users/123/posts?city=Rome").status_code == 200
    assert client.get("/users/7/posts?city=Rome").json() == {"detail": "User not found"}


def test_two_paths_may_name_the_same_resource() -> None:
    app = FastAPI()

    @app.get("/users/{user_id}")
    @app.get("/users/me")  # decorators apply from the bottom up
    async def read_user(user_id: int = 123) -> int:
        return user_id

    client = TestClient(app)
    assert client.get("/users/me").json() == client.get("/users/123").json()


def test_a_default_of_a_path_parameter_is_ignored_or_an_error() -> None:
    app = FastAPI()

    @app.get("/users/{user_id}")
    async def read_user(user_id: int = 5) -> int:
        return user_id

    (parameter,) = app.openapi()["paths"]["/users/{user_id}"]["get"]["parameters"]
    assert parameter["required"] is True
    assert TestClient(app).get("/users/7").json() == 7
    with pytest.raises(AssertionError, match="cannot have default values"):

        @app.get("/orders/{order_id}")
        async def read_order(order_id: Annotated[int, PathParameter()] = 5) -> int:
            return order_id


def test_the_query_can_name_a_resource_and_the_path_can_filter() -> None:
    app = FastAPI()

    @app.get("/user")
    async def read_user(user_id: int) -> int:
        return user_id

    @app.get("/users/by-city/{city}")
    async def users_in(city: str) -> str:
        return city

    client = TestClient(app)
    assert client.get("/user?user_id=123").json() == 123
    assert client.get("/users/by-city/Bangalore").json() == "Bangalore"


def test_a_query_parameter_without_a_default_is_required() -> None:
    response = TestClient(files.app).get("/search")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "q"]


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("/names/a%20b", "a b"),
        ("/names/a+b", "a+b"),
        ("/search?q=a+b", "a b"),
        ("/search?q=a%2Bb", "a+b"),
        ("/search?q=a/b", "a/b"),
        ("/search?q=", ""),
        ("/search?q=1&q=2", "2"),
        ("/files/a/b.txt", "a/b.txt"),
        ("/files/a%2Fb.txt", "a/b.txt"),
        ("/files/", ""),
        ("/files/%2e%2e/x", "../x"),
        ("/files//etc/passwd", "/etc/passwd"),
        ("/names/%2e%2e", ".."),
    ],
)
def test_decoding_of_path_and_query(target: str, value: str) -> None:
    assert TestClient(files.app).get(target).json() == value


@pytest.mark.parametrize("target", ["/names/a/b", "/names/a%2Fb", "/names/"])
def test_a_path_parameter_takes_one_segment_that_is_not_empty(target: str) -> None:
    assert TestClient(files.app).get(target).status_code == 404


def test_an_empty_value_is_redirected_where_the_path_without_it_exists() -> None:
    app = FastAPI()
    app.get("/users/{user_id}")(same_name.read_user)
    app.get("/users")(list)
    client = TestClient(app, follow_redirects=False)
    response = client.get("/users/")
    assert response.status_code == 307
    assert response.headers["location"] == "http://testserver/users"


def test_a_real_server_lets_dots_and_an_absolute_path_through() -> None:
    assert served(files.app, "/files/%2e%2e/x", {}).json() == "../x"
    assert served(files.app, "/files//etc/passwd", {}).json() == "/etc/passwd"
    assert served(files.app, "/names/%2e%2e", {}).json() == ".."


def test_a_real_server_decodes_the_slash_before_the_route_is_chosen() -> None:
    assert served(files.app, "/names/a%2Fb", {}).status_code == 404
    assert served(files.app, "/files/a%2Fb", {}).json() == "a/b"


@pytest.mark.parametrize("value", ["true", "yes", "on", "1", "t", "y", "TRUE"])
def test_these_words_are_true(value: str) -> None:
    response = TestClient(posts.app).get(
        f"/users/123/posts?city=Rome&newest_first={value}"
    )
    assert response.json()["newest_first"] is True


@pytest.mark.parametrize("value", ["false", "no", "off", "0", "f", "n", "FALSE"])
def test_these_words_are_false(value: str) -> None:
    response = TestClient(posts.app).get(
        f"/users/123/posts?city=Rome&newest_first={value}"
    )
    assert response.json()["newest_first"] is False


@pytest.mark.parametrize("query", ["newest_first=", "newest_first", "newest_first=2"])
def test_an_empty_value_or_another_word_is_422(query: str) -> None:
    response = TestClient(posts.app).get(f"/users/123/posts?city=Rome&{query}")
    assert response.status_code == 422


def test_another_name_than_in_the_template_is_a_query_parameter() -> None:
    client = TestClient(wrong_name.app)
    response = client.get("/users/3")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "uid"]
    assert client.get("/users/3?uid=4").json() == 4


def test_the_same_name_is_a_path_parameter() -> None:
    assert TestClient(same_name.app).get("/users/3").json() == 3


def test_the_access_log_holds_path_and_query(
    caplog: pytest.LogCaptureFixture, recorded: Recorder
) -> None:
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        answer = served(wrong_token_in_query.app, "/invoices?token=s3cr3t", {})
    assert answer.status_code == 200
    (line,) = [r.getMessage() for r in caplog.records if r.name == "uvicorn.access"]
    client, _, rest = line.partition(" - ")
    assert client.startswith("127.0.0.1:")
    recorded("access.txt", f"127.0.0.1:55555 - {rest}")


def test_the_access_log_holds_no_header(caplog: pytest.LogCaptureFixture) -> None:
    sent = {"Authorization": "Bearer s3cr3t"}
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        answer = served(token_in_header.app, "/invoices", sent)
    assert answer.json() == ["2026-11"]
    logged = [r.getMessage() for r in caplog.records if r.name == "uvicorn.access"]
    assert len(logged) == 1
    assert "s3cr3t" not in caplog.text


def test_a_get_with_a_token_in_the_header_is_401_without_it() -> None:
    assert TestClient(token_in_header.app).get("/invoices").status_code == 401


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of reports, and beside it a file that no client may read."""
    (tmp_path / "secret.txt").write_text("s3cr3t")
    reports = tmp_path / "reports"
    (reports / "2026").mkdir(parents=True)
    (reports / "2026" / "may.txt").write_text("May")
    (reports / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(file_below_a_folder, "FOLDER", reports)
    monkeypatch.setattr(wrong_file, "FOLDER", reports)
    return reports


def test_a_path_parameter_opened_as_it_is_reads_any_file(folder: Path) -> None:
    client = TestClient(wrong_file.app)
    assert client.get("/reports/%2e%2e/secret.txt").text == "s3cr3t"
    assert client.get(f"/reports/{folder.parent}/secret.txt").text == "s3cr3t"


def test_a_report_below_the_folder_is_sent(folder: Path) -> None:
    response = TestClient(file_below_a_folder.app).get("/reports/2026/may.txt")
    assert response.text == "May"


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "/etc/passwd",
        "link.txt",
        "2026",
        "",
        "unknown.txt",
        "%00",
        "a" * 5000,
        "%ff",
        "2026/%2e%2e/%2e%2e/secret.txt",
    ],
)
def test_what_is_no_file_below_the_folder_is_404(folder: Path, path: str) -> None:
    response = TestClient(file_below_a_folder.app).get(f"/reports/{path}")
    assert response.status_code == 404


def test_a_long_path_that_is_no_file_is_refused_before_folders_are_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Path] = []
    monkeypatch.setattr(Path, "is_relative_to", compared.append)
    client = TestClient(file_below_a_folder.app)
    assert client.get("/reports/" + "a/" * 2000).status_code == 404
    assert not compared


def test_static_files_stay_inside_their_folder(folder: Path) -> None:
    app = FastAPI()
    app.mount("/reports", StaticFiles(directory=folder))
    client = TestClient(app)
    assert client.get("/reports/2026/may.txt").text == "May"
    for path in ["%2e%2e/secret.txt", "link.txt", "%00", "a" * 5000]:
        assert client.get(f"/reports/{path}").status_code == 404

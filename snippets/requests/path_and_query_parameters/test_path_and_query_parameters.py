import asyncio
import json
import logging
import socket
from collections.abc import Callable

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import AsyncClient, Response

from snippets.requests.path_and_query_parameters import (
    files,
    posts,
    same_name,
    token_in_header,
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
    response = client.get("/users/123/posts?newest_first=no&tags=a&tags=b")
    assert response.json() == {
        "user": "ann",
        "newest_first": False,
        "tags": ["a", "b"],
    }


@pytest.mark.since(starlette="1.2.0")
def test_404_and_422_have_different_causes(recorded: Recorder) -> None:
    client = TestClient(posts.app)
    targets = [
        "/users/7/posts",  # the path operation raised HTTPException
        "/users//posts",  # no route matches
        "/users/abc/posts",  # a route matches, the value does not fit
        "/users/123/posts?newest_first=maybe",
    ]
    assert [client.get(target).status_code for target in targets] == [
        404,
        404,
        422,
        422,
    ]
    recorded("statuses.txt", "\n\n".join(exchange(client, t) for t in targets))


def test_a_path_parameter_does_not_choose_the_endpoint() -> None:
    operations = posts.app.openapi()["paths"]
    assert list(operations) == ["/users/{user_id}/posts"]
    client = TestClient(posts.app)
    assert client.get("/users/123/posts").status_code == 200
    assert client.get("/users/7/posts").json() == {"detail": "User not found"}


def test_two_paths_may_name_the_same_resource() -> None:
    app = FastAPI()

    @app.get("/users/{user_id}")
    @app.get("/users/me")  # decorators apply from the bottom up
    async def read_user(user_id: int = 123) -> int:
        return user_id

    client = TestClient(app)
    assert client.get("/users/me").json() == client.get("/users/123").json()


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
    response = TestClient(posts.app).get(f"/users/123/posts?newest_first={value}")
    assert response.json()["newest_first"] is True


@pytest.mark.parametrize("value", ["false", "no", "off", "0", "f", "n", "FALSE"])
def test_these_words_are_false(value: str) -> None:
    response = TestClient(posts.app).get(f"/users/123/posts?newest_first={value}")
    assert response.json()["newest_first"] is False


@pytest.mark.parametrize("query", ["newest_first=", "newest_first", "newest_first=2"])
def test_an_empty_value_or_another_word_is_422(query: str) -> None:
    response = TestClient(posts.app).get(f"/users/123/posts?{query}")
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

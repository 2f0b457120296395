import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from redis import Redis as SyncRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MaxConnectionsError

from snippets.conftest import free_port
from snippets.security.rate_limits import (
    by_user,
    limited,
    trusted_client,
    wrong_dictionary,
    wrong_forwarded,
    wrong_two_steps,
)

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 120.0
SOCKET_TIMEOUTS = ("socket_timeout", "socket_connect_timeout")
ON_A_BUSY_MACHINE = "?timeout=60&socket_timeout=60&socket_connect_timeout=60"


SEARCH = "/search?q=tea"


@pytest.fixture
def client(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("REDIS_URL", redis_url + ON_A_BUSY_MACHINE)
    with TestClient(limited.app) as client:
        yield client


def at(host: str, scope: Any = None) -> Request:
    return Request(
        {"type": "http", "client": (host, 1), "headers": [], **(scope or {})}
    )


# --- The program


def test_the_fourth_request_is_a_429_that_says_when_to_come_again(
    client: TestClient, redis_url: str, recorded: Any
) -> None:
    lines = []
    for _ in range(4):
        answer = client.get(SEARCH)
        lines.append(f"{answer.status_code} {answer.text}")
    wait = int(answer.headers["retry-after"])
    assert 1 <= wait <= 60
    recorded("answers.txt", "\n".join([*lines, "Retry-After: 60"]))
    with SyncRedis.from_url(redis_url) as redis:
        assert redis.keys() == [b"rate:search:60:testclient"]
        assert 1 <= int(redis.ttl("rate:search:60:testclient")) <= 60


def test_the_window_ends_with_the_key(client: TestClient, redis_url: str) -> None:
    assert [client.get(SEARCH).status_code for _ in range(4)][-1] == 429
    with SyncRedis.from_url(redis_url) as redis:
        redis.delete("rate:search:60:testclient")  # what the end of the window does
    assert client.get(SEARCH).status_code == 200


def test_refused_requests_do_not_lengthen_the_window(
    client: TestClient, redis_url: str
) -> None:
    key = "rate:search:60:testclient"
    client.get(SEARCH)
    with SyncRedis.from_url(redis_url) as redis:
        redis.expire(key, 30)
        for _ in range(9):
            client.get(SEARCH)
        assert int(redis.ttl(key)) <= 30


def test_the_wait_is_not_shorter_than_the_rest_of_the_window(redis_url: str) -> None:
    async def scene() -> tuple[int, int]:
        async with Redis.from_url(redis_url) as redis:
            await redis.set("k", 3, px=30_450)
            wait = await limited.too_many(redis, "k", 3, 60)
            return wait, await redis.pttl("k")

    wait, left = asyncio.run(scene())
    assert left <= wait * 1000


def test_two_at_once_are_counted_as_two(client: TestClient) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.get(SEARCH).status_code, range(12)))
    assert sorted(answers) == [200] * 3 + [429] * 9


def test_a_limit_has_a_name_and_each_has_its_own_count(client: TestClient) -> None:
    for _ in range(4):
        client.get(SEARCH)
    assert client.post("/login").status_code == 200


def test_two_windows_of_one_name_have_counts_of_their_own(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url + ON_A_BUSY_MACHINE)
    small = limited.rate_limit("search", 3, 600)
    large = limited.rate_limit("search", 5, 3600)
    app = FastAPI(lifespan=limited.lifespan)

    @app.get("/", dependencies=[Depends(large), Depends(small)])
    async def search() -> None: ...

    with TestClient(app) as client:
        answers = [client.get("/") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 3
    assert int(answers[4].headers["retry-after"]) <= 600
    assert int(answers[5].headers["retry-after"]) > 600


def test_two_workers_share_the_limit(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    app = "snippets.security.rate_limits.limited:app"
    options = ["--port", str(port), "--workers", "2"]
    log = tmp_path / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", app, *options],
            cwd=ROOT,
            stdout=file,
            stderr=file,
            env={**os.environ, "REDIS_URL": redis_url + ON_A_BUSY_MACHINE},
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while log.read_text().count("startup complete") < 2:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        url = f"http://127.0.0.1:{port}{SEARCH}"
        answers = [httpx2.get(url, timeout=PATIENCE).status_code for _ in range(12)]
        assert sorted(answers) == [200] * 3 + [429] * 9
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_without_redis_the_search_is_open_and_the_login_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    with TestClient(limited.app) as client:
        assert [client.get(SEARCH).status_code for _ in range(5)] == [200] * 5
        assert client.post("/login").status_code == 503
        answer = client.post("/token", data={"username": "alice"})
        assert answer.status_code == 503


def test_a_full_redis_counts_as_down(client: TestClient, redis_url: str) -> None:
    with SyncRedis.from_url(redis_url) as redis:
        assert redis.config_get("maxmemory-policy") == {
            "maxmemory-policy": "noeviction"
        }
        redis.config_set("maxmemory", "1mb")
        try:
            assert [client.get(SEARCH).status_code for _ in range(5)] == [200] * 5
            assert client.post("/login").status_code == 503
        finally:
            redis.config_set("maxmemory", "0")


def test_more_at_once_than_a_pool_has_connections_are_counted_too(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_url + ON_A_BUSY_MACHINE
    monkeypatch.setenv("REDIS_URL", url)

    async def scene(at_once: int) -> tuple[list[int], list[Any]]:
        transport = httpx2.ASGITransport(app=limited.app)
        async with (
            limited.lifespan(limited.app),
            httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
            Redis.from_url(url.replace("timeout=60&", "", 1)) as ordinary,
        ):
            calls = (client.get(SEARCH) for _ in range(at_once))
            answers = await asyncio.gather(*calls)
            counted = (limited.too_many(ordinary, "k", 3, 60) for _ in range(at_once))
            with_default = await asyncio.gather(*counted, return_exceptions=True)
        return [answer.status_code for answer in answers], with_default

    answers, with_default = asyncio.run(scene(150))
    assert sorted(answers) == [200] * 3 + [429] * 147
    errors = [one for one in with_default if isinstance(one, MaxConnectionsError)]
    assert len(errors) == 50


def test_an_open_limit_lets_through_who_gets_no_connection(
    redis_url: str, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    original = BlockingConnectionPool.from_url
    limits = []

    def small(url: str, **options: Any) -> BlockingConnectionPool:
        limits.append(options["timeout"])
        options |= {"max_connections": 1, "timeout": 0.1}
        return original(url, **options | dict.fromkeys(SOCKET_TIMEOUTS, 60))

    monkeypatch.setattr(BlockingConnectionPool, "from_url", small)
    with TestClient(limited.app) as client:
        assert [client.get(SEARCH).status_code for _ in range(4)][-1] == 429
        assert client.portal
        pool = limited.app.state.redis.connection_pool
        held = client.portal.call(pool.get_connection)
        assert client.get(SEARCH).status_code == 200
        assert client.post("/login").status_code == 503
        client.portal.call(pool.release, held)
        assert client.get(SEARCH).status_code == 429
    assert limits == [2]

    with (
        serve(limited.app, limit_concurrency=2) as (address, _),
        httpx2.Client(base_url=address) as first,
        httpx2.Client(base_url=address) as second,
    ):
        assert first.get(SEARCH).status_code == 200
        assert second.get(SEARCH).status_code == 503


def test_a_redis_that_never_answers_counts_as_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
        with TestClient(limited.app) as client:
            assert client.get(SEARCH).status_code == 200
            assert client.post("/login").status_code == 503


def test_a_malformed_body_is_a_422_or_400_before_the_limit_counts(
    redis_url: str,
) -> None:
    app = FastAPI(lifespan=limited.lifespan)
    limit = Depends(limited.rate_limit("orders", 1, 60))

    @app.post("/orders", dependencies=[limit])
    async def order(lines: list[str]) -> None: ...

    with TestClient(app) as client, SyncRedis.from_url(redis_url) as redis:
        headers = {"Content-Type": "application/json"}
        for _ in range(3):
            answer = client.post("/orders", content=b"[", headers=headers)
            assert answer.status_code == 422
        answer = client.post("/orders", content=b'["\xff"]', headers=headers)
        assert answer.status_code == 400
        assert redis.keys() == []
        assert client.post("/orders", json=[1]).status_code == 422
        assert redis.keys() == [b"rate:orders:60:testclient"]


# --- Whose requests


def test_the_addresses_of_one_customer_are_one_key() -> None:
    of = limited.client_of
    assert of(at("2001:db8:0:1::1")) == of(at("2001:db8:0:1:ffff::2"))
    assert of(at("2001:db8:0:1::1")) != of(at("2001:db8:0:2::1"))
    assert of(at("192.0.2.1")) != of(at("192.0.2.2"))
    assert of(at("::ffff:192.0.2.1")) != of(at("::ffff:192.0.2.2"))
    assert of(at("fe80::1%eth0")) == of(at("fe80::2"))
    assert of(Request({"type": "http", "headers": []})) == "unknown"


def test_the_first_forwarded_address_is_what_the_client_wrote() -> None:
    keys = set()
    for number in range(3):
        header = (b"x-forwarded-for", b"10.0.0.%d, 203.0.113.9" % number)
        request = at("192.0.2.1", {"headers": [header]})
        keys.add(wrong_forwarded.client_of(request))
        assert trusted_client.client_of(request) == "192.0.2.1"
    assert len(keys) == 3


def test_an_account_is_limited_from_all_addresses_and_its_name_has_one_length(
    client: TestClient, redis_url: str
) -> None:
    assert by_user.__name__
    names = ["Alice"] * 10 + ["alice"]
    answers = [client.post("/token", data={"username": name}) for name in names]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert client.post("/token", data={"username": "x" * 9999}).status_code == 200
    with SyncRedis.from_url(redis_url) as redis:
        keys = set(redis.scan_iter()) - {b"rate:token:60:testclient"}
        assert {len(key) for key in keys} == {77}


@pytest.mark.since(fastapi="0.164.0")
def test_a_large_file_in_place_of_the_name_is_413(client: TestClient) -> None:
    name = {"username": ("a.txt", b"a" * 100_000)}
    assert client.post("/token", files=name).status_code == 413


def test_a_name_with_half_a_surrogate_pair_is_counted_as_well(
    client: TestClient,
) -> None:
    headers = {
        "Content-Type": "multipart/form-data; boundary=b; charset=unicode_escape"
    }
    part = b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\n'
    body = part + rb"\ud800" + b"\r\n--b--\r\n"
    answers = [
        client.post("/token", content=body, headers=headers).status_code
        for _ in range(11)
    ]
    assert answers == [200] * 10 + [429]


# --- Findings


def test_a_failure_between_two_steps_leaves_a_key_that_never_ends(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> tuple[int, int]:
        async with Redis.from_url(redis_url) as redis:

            async def fails(*args: Any) -> None:
                raise RedisConnectionError

            monkeypatch.setattr(redis, "expire", fails)
            with pytest.raises(RedisConnectionError):
                await wrong_two_steps.count(redis, "wrong", 60)
            await limited.too_many(redis, "right", 3, 60)
            return await redis.ttl("wrong"), await redis.ttl("right")

    wrong, right = asyncio.run(scene())
    assert wrong == -1  # for ever
    assert 0 < right <= 60


def test_a_dictionary_counts_for_ever() -> None:
    client = TestClient(wrong_dictionary.app)
    answers = [client.get("/search").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert wrong_dictionary.requests == {"testclient": 5}

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
import redis
import redis.asyncio
from fastapi.testclient import TestClient
from redis.asyncio.lock import Lock
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from snippets.responses.response_cache import (
    cached_reports,
    one_at_a_time,
    with_etag,
    wrong_cache_required,
    wrong_key,
)
from snippets.responses.response_cache.cached_reports import SALES

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A header for each of two users."""
    found = {name: secrets.token_hex() for name in ("ada", "bob")}
    users = {sha256(token.encode()).hexdigest(): name for name, token in found.items()}
    monkeypatch.setattr(cached_reports, "USERS", users)
    SALES.clear()
    SALES["ada", 2026] = [100, 20]
    return {name: f"Bearer {token}" for name, token in found.items()}


@pytest.fixture
def client(redis_url: str, tokens: dict[str, str]) -> Iterator[TestClient]:
    headers = {"Authorization": tokens["ada"]}
    with TestClient(cached_reports.app, headers=headers) as client:
        yield client


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as store:
        yield store


def test_the_second_answer_comes_from_redis(
    client: TestClient, store: redis.Redis, recorded: Any
) -> None:
    lines = []

    def report() -> None:
        response = client.get("/reports/2026")
        lines.append(f"GET  /reports/2026  {response.status_code} {response.text}")

    report()
    SALES["ada", 2026].append(7)
    lines.append("     (a sale is stored behind the application's back)")
    report()
    response = client.post("/sales/2026", json={"amount": 3})
    lines.append(f"POST /sales/2026    {response.status_code}")
    report()
    recorded("exchange.txt", "\n".join(lines))
    assert store.keys() == [b"report:v1:ada:2026"]


def test_each_entry_expires(client: TestClient, store: redis.Redis) -> None:
    client.get("/reports/2026")
    assert 0 < int(store.ttl("report:v1:ada:2026")) <= 60


def test_another_user_gets_another_report(
    client: TestClient, tokens: dict[str, str]
) -> None:
    assert client.get("/reports/2026").json()["total"] == 120
    other = client.get("/reports/2026", headers={"Authorization": tokens["bob"]})
    assert other.json()["total"] == 0


def test_the_login_is_checked_before_the_cache(client: TestClient) -> None:
    client.get("/reports/2026")
    unknown = {"Authorization": f"Bearer {secrets.token_hex()}"}
    assert client.get("/reports/2026", headers=unknown).status_code == 401


def test_parameters_that_the_endpoint_does_not_know_make_no_entries(
    client: TestClient, store: redis.Redis
) -> None:
    for number in range(5):
        client.get("/reports/2026", params={"utm": number})
    assert client.get("/reports/99999").status_code == 422
    assert len(store.keys()) == 1


def test_without_redis_the_answers_are_made_each_time(
    monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    headers = {"Authorization": tokens["ada"]}
    with TestClient(cached_reports.app, headers=headers) as client:
        assert client.get("/reports/2026").json()["total"] == 120
        assert client.post("/sales/2026", json={"amount": 3}).status_code == 201
        assert client.get("/reports/2026").json()["total"] == 123


def test_a_redis_that_does_not_answer_is_left_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}")
        headers = {"Authorization": tokens["ada"]}
        with TestClient(cached_reports.app, headers=headers) as client:
            assert client.get("/reports/2026").json()["total"] == 120
        silent.settimeout(0)
        for _ in ("the reading", "the writing"):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_by_default_redis_waits_five_seconds_for_an_answer() -> None:
    client = redis.asyncio.Redis()
    found = client.connection_pool.connection_kwargs
    assert found["socket_timeout"] == 5
    assert issubclass(RedisTimeoutError, redis.RedisError)
    retry = client.get_retry()
    assert retry is not None
    assert retry.get_retries() == 10
    plain = redis.asyncio.Connection()
    assert (plain.socket_timeout, plain.retry.get_retries()) == (5, 0)
    pool = redis.asyncio.from_url("redis://x").connection_pool
    assert "retry" not in pool.connection_kwargs


def test_an_exception_is_not_cached(
    client: TestClient, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**values: Any) -> None:
        raise LookupError("no database")

    with monkeypatch.context() as patch:
        patch.setattr(cached_reports, "Report", fail)
        with pytest.raises(LookupError):
            client.get("/reports/2026")
    assert store.keys() == []
    assert client.get("/reports/2026").status_code == 200


Cached = Callable[..., Awaitable[bytes | str]]


def times_made(cached: Cached, url: str, requests: int = 8) -> int:
    """How often the body is made when several requests miss it at once."""
    made = 0

    async def run() -> None:
        waiting = asyncio.Event()

        async def make() -> bytes:
            nonlocal made
            made += 1
            if made == requests:
                waiting.set()
            if cached is cached_reports.cached:
                async with asyncio.timeout(PATIENCE):
                    await waiting.wait()
            return b"{}"

        pool = redis.asyncio.BlockingConnectionPool.from_url(url, timeout=PATIENCE)
        async with redis.asyncio.Redis.from_pool(pool) as client:
            calls = [cached(client, "key", 60, make) for _ in range(requests)]
            assert await asyncio.gather(*calls) == [b"{}"] * requests

    asyncio.run(run())
    return made


def test_all_requests_that_miss_at_once_make_the_body(redis_url: str) -> None:
    assert times_made(cached_reports.cached, redis_url) == 8


def test_with_a_lock_one_makes_it_and_the_others_read_it(
    redis_url: str, store: redis.Redis
) -> None:
    assert times_made(one_at_a_time.cached, redis_url) == 1
    assert store.keys() == [b"key"]


def test_the_others_read_the_body_without_taking_the_lock(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    original = Lock.acquire

    async def watched(self: Lock, **options: Any) -> bool:
        found: bool = await original(self, **options)
        taken.append(found)
        return found

    async def run() -> None:
        waiting, all_wait, stored = 0, asyncio.Event(), asyncio.Event()

        async def sleep(seconds: float) -> None:
            nonlocal waiting
            waiting += 1
            if waiting == 119:
                all_wait.set()
            await stored.wait()

        async def make() -> bytes:
            async with asyncio.timeout(PATIENCE):
                await all_wait.wait()
            return b"{}"

        monkeypatch.setattr(one_at_a_time, "asyncio", SimpleNamespace(sleep=sleep))
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            redis_url, timeout=PATIENCE
        )
        async with redis.asyncio.Redis.from_pool(pool) as client:
            calls = [one_at_a_time.cached(client, "key", 60, make) for _ in range(120)]
            tasks = [asyncio.create_task(call) for call in calls]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            stored.set()
            assert await asyncio.gather(*tasks) == [b"{}"] * 120

    monkeypatch.setattr(Lock, "acquire", watched)
    asyncio.run(run())
    assert (taken.count(True), len(taken)) == (1, 120)


def test_slow_looks_do_not_make_the_ten_seconds_longer(
    redis_url: str, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    async def make() -> bytes:
        return b"{}"

    def clock() -> float:
        return 4.0 * len(looks)  # each look takes four seconds

    async def run() -> None:
        async with cached_reports.lifespan(cached_reports.app) as state:
            client = state["redis"]
            original = client.get

            async def get(key: str) -> Any:
                looks.append(key)
                return await original(key)

            monkeypatch.setattr(client, "get", get)
            assert await one_at_a_time.cached(client, "key", 60, make) == b"{}"

    store.set("key:lock", "of another process")
    monkeypatch.setattr(one_at_a_time, "monotonic", clock, raising=False)
    asyncio.run(run())
    assert len(looks) == 3


def test_more_requests_than_connections_wait_for_one_and_the_default_pool_refuses(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def make() -> bytes:
        return b"{}"

    async def read(client: redis.asyncio.Redis, key: str) -> None:
        calls = [cached_reports.cached(client, key, 60, make) for _ in range(120)]
        assert await asyncio.gather(*calls) == [b"{}"] * 120

    async def run() -> None:
        async with cached_reports.lifespan(cached_reports.app) as state:
            await read(state["redis"], "one")
        # A busy machine may be too late to connect.
        assert set(caplog.messages) <= {"cache not read: Timeout connecting to server"}
        async with redis.asyncio.from_url(redis_url) as client:
            await read(client, "two")
        assert "Too many connections" in caplog.text

    asyncio.run(run())


def test_with_a_lock_and_without_redis_the_body_is_made() -> None:
    async def run() -> bytes | str:
        async def make() -> bytes:
            return b"{}"

        client = redis.asyncio.from_url("redis://127.0.0.1:1")
        try:
            return await one_at_a_time.cached(client, "key", 60, make)
        finally:
            await client.aclose()

    assert asyncio.run(run()) == b"{}"


def test_whoever_gets_no_connection_makes_the_body_beside_the_lock(
    redis_url: str,
) -> None:
    async def scene() -> tuple[list[bytes | str], int]:
        made = 0

        async def make() -> bytes:
            nonlocal made
            made += 1
            return b"body"

        pool: Any = redis.asyncio.BlockingConnectionPool.from_url(
            redis_url, max_connections=1, timeout=0.1
        )
        async with redis.asyncio.Redis.from_pool(pool) as client:
            assert await client.set("key:lock", "another holds it", ex=30)
            held = await pool.get_connection()
            calls = [one_at_a_time.cached(client, "key", 60, make) for _ in range(3)]
            bodies = await asyncio.gather(*calls)
            await pool.release(held)
        return bodies, made

    assert asyncio.run(scene()) == ([b"body"] * 3, 3)


def test_a_lock_that_expires_while_the_body_is_made_costs_nothing(
    redis_url: str, store: redis.Redis
) -> None:
    async def run() -> bytes | str:
        async def make() -> bytes:
            store.delete("key:lock")
            return b"{}"

        client = redis.asyncio.from_url(redis_url)
        try:
            return await one_at_a_time.cached(client, "key", 60, make)
        finally:
            await client.aclose()

    assert asyncio.run(run()) == b"{}"
    assert store.get("key") == b"{}"


def test_a_failure_releases_the_lock(redis_url: str, store: redis.Redis) -> None:
    async def run() -> None:
        async def make() -> bytes:
            raise LookupError("no database")

        client = redis.asyncio.from_url(redis_url)
        try:
            await one_at_a_time.cached(client, "key", 60, make)
        finally:
            await client.aclose()

    with pytest.raises(LookupError):
        asyncio.run(run())
    assert store.keys() == []


def test_an_error_of_redis_that_make_raises_does_not_make_the_body_twice(
    redis_url: str, store: redis.Redis
) -> None:
    made = []

    async def run(error: Exception, lose_the_lock: bool) -> None:
        async def make() -> bytes:
            made.append(error)
            if lose_the_lock:
                store.delete("key:lock")
            raise error

        async with redis.asyncio.from_url(redis_url) as client:
            await one_at_a_time.cached(client, "key", 60, make)

    for error in (RedisError("the queue is full"), LookupError("no database")):
        for lose_the_lock in (False, True):
            made.clear()
            with pytest.raises(type(error)):
                asyncio.run(run(error, lose_the_lock))
            assert made == [error]
            assert store.keys() == []


def test_while_making_fails_the_waiting_requests_try_one_after_the_other(
    redis_url: str,
) -> None:
    running = []
    most = 0

    async def make() -> bytes:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        for _ in range(100):  # the others get their turns
            await asyncio.sleep(0)
        running.pop()
        raise LookupError("no database")

    async def run() -> list[Any]:
        async with redis.asyncio.from_url(redis_url) as client:
            calls = [one_at_a_time.cached(client, "key", 60, make) for _ in range(4)]
            return await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error) for error in asyncio.run(run())] == [LookupError] * 4
    assert most == 1


def test_the_address_as_a_key_gives_one_user_the_report_of_another(
    redis_url: str, tokens: dict[str, str], store: redis.Redis
) -> None:
    with TestClient(wrong_key.app) as client:
        first = client.get("/reports/2026", headers={"Authorization": tokens["ada"]})
        other = client.get("/reports/2026", headers={"Authorization": tokens["bob"]})
        assert other.json() == first.json() == {"year": 2026, "total": 120}
        for number in range(5):
            client.get(
                f"/reports/2026?utm={number}",
                headers={"Authorization": tokens["ada"]},
            )
    assert len(store.keys()) == 6


def test_the_wrong_cache_never_expires_and_fails_without_redis(
    redis_url: str, store: redis.Redis
) -> None:
    async def make() -> bytes:
        return b"{}"

    async def run(url: str) -> bytes | str:
        client = redis.asyncio.from_url(url)
        try:
            return await wrong_cache_required.cached(client, "key", make)
        finally:
            await client.aclose()

    assert asyncio.run(run(redis_url)) == b"{}"
    assert store.ttl("key") == -1
    with pytest.raises(RedisConnectionError):
        asyncio.run(run("redis://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("sent", "status"),
    [(None, 200), ("{etag}", 304), ('"old", W/{etag}', 304), ('"old"', 200)],
)
def test_a_client_that_knows_the_etag_gets_a_304(sent: str | None, status: int) -> None:
    client = TestClient(with_etag.app)
    first = client.get("/prices")
    etag = first.headers["etag"]
    headers = {"If-None-Match": sent.format(etag=etag)} if sent else {}
    response = client.get("/prices", headers=headers)
    assert response.status_code == status
    assert response.headers["etag"] == etag
    assert response.headers["cache-control"] == "public, max-age=60"
    assert bool(response.content) is (status == 200)

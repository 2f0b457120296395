"""A Redis server for the tests of the answers, emptied before each test that asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from scripts.setup.servers import REDIS
from tests.servers.processes import programs_of, running

# Nothing outlives the tests, so nothing is written to disk.
SETTINGS = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]


def answers(port: int) -> bool:
    """Return whether a Redis server answers on the port."""
    try:
        with Redis(host="127.0.0.1", port=port) as client:
            return bool(client.ping())
    except RedisError:
        return False


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start a Redis server on 127.0.0.1; yield its port, and stop it after the tests."""
    program = programs_of(REDIS)
    folder: Path = tmp_path_factory.mktemp("redis")

    def command(port: int) -> list[str]:
        return [str(program), "--port", str(port), "--dir", str(folder), *SETTINGS]

    with running(command, folder / "log", answers) as port:
        yield port


@pytest.fixture
def redis_url(redis_server: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty Redis; ``REDIS_URL`` leads to it."""
    with Redis(host="127.0.0.1", port=redis_server) as client:
        client.flushall()
    url = f"redis://127.0.0.1:{redis_server}/0"
    monkeypatch.setenv("REDIS_URL", url)
    return url

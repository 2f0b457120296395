"""A PostgreSQL server for the tests of this topic, and a clean database for each test.

The server starts once in each process that runs tests, when the first test asks for it. All tests that use
it are in one group, so that `pytest -n … --dist loadgroup` starts one server and not several.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import URL, MetaData, create_engine

from scripts.setup.postgresql import REMEDY, server_programs

# How long right code may take on a busy machine before a test gives up; right code does not wait for it.
PATIENCE = 30.0
BESIDE = "beside the application"

# Small, so that a test can use all connections up; fast, since nothing outlives the tests.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "20",
    "shared_buffers": "16MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "lc_messages": "C",
}


@dataclass(frozen=True)
class Database:
    """The database of the tests, and how to look into it beside the application."""

    port: int
    password: str

    def url(self, drivername: str = "postgresql") -> str:
        """Return the address, for example for ``postgresql+asyncpg``."""
        url = URL.create(
            drivername, "postgres", self.password, "127.0.0.1", self.port, "postgres"
        )
        return url.render_as_string(hide_password=False)

    def connect(self) -> psycopg.Connection:
        """Open a connection beside the application's, on which each statement commits."""
        return psycopg.connect(self.url(), autocommit=True, application_name=BESIDE)

    def execute(self, *statements: str) -> list[Any]:
        """Run statements on a connection of their own; return the rows of the last one."""
        with self.connect() as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create_tables(self, metadata: MetaData) -> None:
        """Create the tables of an application, which has migrations for this outside of tests."""
        engine = create_engine(self.url())
        metadata.create_all(engine)
        engine.dispose()

    def connections(self, condition: str = "true") -> int:
        """Return how many connections of the application fulfil ``condition``."""
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            f"AND application_name <> '{BESIDE}' AND {condition}"
        )
        return int(self.execute(query)[0][0])

    def waiting_for_locks(self) -> int:
        """Return how many connections of the application wait for a lock of another one."""
        return self.connections("wait_event_type = 'Lock'")

    def end_connections(self) -> None:
        """Close all connections but the one that asks for it, as a restart would."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )


def account() -> dict[str, Any]:
    """Return as whom the server runs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = [entry.pw_name for entry in pwd.getpwall()]
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_ready(process: subprocess.Popen[bytes], database: Database) -> bool:
    """Wait until the server answers; return whether it does."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if process.poll() is not None:
            return False
        try:
            database.execute("SELECT 1")
        except psycopg.OperationalError:
            pause.wait(0.02)
        else:
            return True
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server at once: nothing in it is worth a clean end."""
    process.send_signal(signal.SIGQUIT)
    process.wait(PATIENCE)


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """Start a PostgreSQL server on 127.0.0.1; stop and delete it after the tests."""
    programs = server_programs()
    if not programs:
        # `make test` has installed one; `make check` must do without on a machine that has none.
        refuse = pytest.fail if os.environ.get("REQUIRE_POSTGRESQL") else pytest.skip
        refuse(f"this machine lacks PostgreSQL. {REMEDY}")
    owner = account()
    # Not below pytest's own folder, which another account may not enter.
    folder = Path(tempfile.mkdtemp(prefix="fastapi-answers-postgresql-"))
    data, log, secret = folder / "data", folder / "log", folder / "password"
    password = secrets.token_hex()
    secret.write_text(password)
    for path in (folder, secret):
        os.chown(path, owner.get("user", -1), owner.get("group", -1))
    try:
        with log.open("wb") as output:
            options: dict[str, Any] = {
                "stdin": subprocess.DEVNULL,
                "stdout": output,
                "stderr": subprocess.STDOUT,
                "cwd": "/",
                **owner,
            }
            command = [f"{programs}/initdb", "--no-sync", f"--pgdata={data}"]
            command += ["--username=postgres", f"--pwfile={secret}"]
            command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
            initdb = subprocess.run(command, check=False, **options)
            command = [f"{programs}/postgres", "-D", str(data)]
            for name, value in SETTINGS.items():
                command += ["-c", f"{name}={value}"]
            # Another process may take the port before the server does, so more than one is tried.
            for _ in range(0 if initdb.returncode else 3):
                database = Database(free_port(), password)
                process: subprocess.Popen[bytes] = subprocess.Popen(
                    [*command, "-p", str(database.port)],
                    start_new_session=True,  # Ctrl-C is for pytest, which stops the server
                    **options,
                )
                try:
                    if is_ready(process, database):
                        yield database
                        return
                finally:
                    stop(process)
        lines = log.read_text(errors="replace").strip().splitlines()
        pytest.fail(
            "PostgreSQL did not start.\n" + "\n".join(lines[-5:]), pytrace=False
        )
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Return the server's database without a table; ``DATABASE_URL`` leads to it."""
    server.end_connections()
    server.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    monkeypatch.setenv("DATABASE_URL", server.url())
    return server


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Run the lifespan of ``app`` and yield a client for it, both in the running event loop."""
    lifespan = app.router.lifespan_context(app)
    state = await lifespan.__aenter__()

    async def with_state(
        scope: MutableMapping[str, Any], receive: Any, send: Any
    ) -> None:
        await app({**scope, "state": dict(state or {})}, receive, send)

    transport = ASGITransport(with_state)
    try:
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
    finally:  # a server ends the lifespan the same way, whatever became of the requests
        await lifespan.__aexit__(None, None, None)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.005)

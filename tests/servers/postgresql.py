"""A PostgreSQL server for the tests of the answers, and a database without a table for each test."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, MetaData, create_engine

from scripts.setup.servers import POSTGRESQL
from tests.servers.processes import programs_of, running

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
        url = URL.create(drivername, "postgres", self.password, "127.0.0.1", self.port, "postgres")
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


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """Start a PostgreSQL server on 127.0.0.1; stop and delete it after the tests."""
    programs = programs_of(POSTGRESQL)
    owner = account()
    # Not below pytest's own folder, which another account may not enter.
    folder = Path(tempfile.mkdtemp(prefix="fastapi-answers-postgresql-"))
    data, secret = folder / "data", folder / "password"
    password = secrets.token_hex()
    secret.write_text(password)
    for path in (folder, secret):
        os.chown(path, owner.get("user", -1), owner.get("group", -1))

    def command(port: int) -> list[str]:
        settings = [word for item in SETTINGS.items() for word in ("-c", "=".join(item))]
        return [f"{programs}/postgres", "-D", str(data), "-p", str(port), *settings]

    def answers(port: int) -> bool:
        try:
            Database(port, password).execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    try:
        initdb = subprocess.run(
            [
                *(f"{programs}/initdb", "--no-sync", f"--pgdata={data}"),
                *("--username=postgres", f"--pwfile={secret}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **owner,
        )
        if initdb.returncode:
            pytest.fail(f"initdb failed.\n{initdb.stderr.strip()}", pytrace=False)
        # SIGQUIT, since the server would wait for its clients after a SIGTERM.
        with running(command, folder / "log", answers, signal.SIGQUIT, cwd="/", **owner) as port:
            yield Database(port, password)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Return the server's database without a table; ``DATABASE_URL`` leads to it."""
    server.end_connections()
    server.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    monkeypatch.setenv("DATABASE_URL", server.url())
    return server

import asyncio
import gc
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import psycopg
import pytest
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from psycopg.errors import LockNotAvailable
from pydantic import BaseModel, ValidationError
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import (
    DBAPIError,
    InvalidRequestError,
    MissingGreenlet,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import Session

from snippets.conftest import Database, limits_of_a_stop_beside_a_silent_server
from snippets.databases.conftest import (
    client_of,
    flood,
    status_beside_clients_that_do_not_read,
    until,
)
from snippets.databases.postgresql import (
    async_sqlalchemy,
    atomic_update,
    locked_row,
    sqlmodel_def,
    wrong_check_then_insert,
    wrong_engine_per_request,
    wrong_read_then_write,
)

DRIVERS = pytest.mark.parametrize(
    "drivername", ["postgresql", "postgresql+psycopg", "postgresql+asyncpg"]
)


@DRIVERS
def test_one_application_stores_and_reads_through_psycopg_and_asyncpg(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(async_sqlalchemy.Base.metadata)
    with TestClient(async_sqlalchemy.app) as client:
        created = client.post("/customers", json={"email": "ada@example.org"})
        assert created.status_code == 201
        assert created.json() == {"email": "ada@example.org", "id": 1}
        assert client.get("/customers/1").json() == created.json()
        assert client.get("/customers/2").status_code == 404


def test_the_first_query_connects_and_the_end_of_the_lifespan_closes_all_connections(
    database: Database,
) -> None:
    database.create_tables(async_sqlalchemy.Base.metadata)
    # The server ends the session that created the tables a moment after it was closed.
    asyncio.run(until(lambda: database.connections() == 0))
    with TestClient(async_sqlalchemy.app) as client:
        assert database.connections() == 0
        client.get("/customers/1")
        assert database.connections() == 1
    asyncio.run(until(lambda: database.connections() == 0))


@pytest.mark.parametrize("module", [async_sqlalchemy, atomic_update, locked_row])
def test_with_asyncpg_a_silent_server_holds_the_stop_for_five_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))
    assert limits_of_a_stop_beside_a_silent_server(module, monkeypatch) == [5]


def test_the_first_program_stores_finds_and_reads(
    database: Database, recorded: Any
) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/products", {"name": "tea"}),
        ("GET", "/products?name=tea", None),
        ("GET", "/products/1", None),
        ("GET", "/products/2", None),
    ]
    lines = []
    with TestClient(sqlmodel_def.app) as client:
        for method, path, body in calls:
            response = client.request(method, path, json=body)
            sent = f" {response.request.content.decode()}" if body else ""
            lines.append(f"{method} {path}{sent}")
            # In which order SQLModel gives the fields of a row differs from run to run.
            answer = json.dumps(response.json(), sort_keys=True, separators=(",", ":"))
            lines.append(f"  {response.status_code} {answer}")
    recorded("exchange.txt", "\n".join(lines))


@pytest.mark.needs(Path("/bin/sh").exists(), "a shell")
def test_the_start_creates_the_table_before_the_server_starts(
    database: Database, tmp_path: Path
) -> None:
    folder = Path(sqlmodel_def.__file__).parent
    script = (folder / "start.sh").read_text()
    address = "postgresql+psycopg://shop:secret@localhost:5432/shop"
    assert address in script
    (tmp_path / "main.py").write_text(Path(sqlmodel_def.__file__).read_text())
    programs = {
        "pip": "",
        "fastapi": f'echo "$@" "$DATABASE_URL" > {tmp_path}/started',
        "python": f'exec {sys.executable} "$@"',
    }
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    subprocess.run(
        ["/bin/sh", "-eu"],
        input=script.replace(address, database.url("postgresql+psycopg")),
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        text=True,
        check=True,
    )
    assert (tmp_path / "started").read_text().startswith("run main.py postgresql")
    assert database.execute("SELECT count(*) FROM product") == [(0,)]


def test_the_address_of_the_start_gives_up_a_host_that_does_not_answer() -> None:
    script = (Path(sqlmodel_def.__file__).parent / "start.sh").read_text()
    address = re.findall(r"DATABASE_URL=(\S+)", script)[0]
    assert address.endswith("?connect_timeout=5")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = address.replace("5432", str(silent.getsockname()[1]))
        address = address.replace("connect_timeout=5", "connect_timeout=2")  # shortest
        engine = create_engine(address.replace("localhost", "127.0.0.1"))
        with pytest.raises(OperationalError, match="timeout"):
            engine.connect()


def test_the_limit_holds_for_each_address_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def two_addresses(host: str, port: Any, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))] * 2

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    waited = []
    wait_conn = psycopg.waiting.wait_conn

    def impatient(generator: Any, interval: float, timeout: float) -> Any:
        waited.append(timeout)
        return wait_conn(generator, interval=interval, timeout=0.05)

    monkeypatch.setattr(psycopg.waiting, "wait_conn", impatient)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://shop@db.example.com:{silent.getsockname()[1]}/shop"
        with pytest.raises(psycopg.OperationalError, match="timeout"):
            psycopg.connect(address, connect_timeout=5)
    assert waited == [5, 5]


def test_the_driver_gets_values_apart_from_the_statement(database: Database) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    hostile = "tea' OR 'a' = 'a"
    with TestClient(sqlmodel_def.app) as client:
        client.post("/products", json={"name": "tea"})
        params = {"name": hostile}
        assert client.get("/products", params=params).json() == []
        found = client.get("/products", params={"name": "tea"}).json()
    assert found == [{"id": 1, "name": "tea"}]
    query = select(sqlmodel_def.Product).filter_by(name=hostile)
    assert hostile not in str(query)


@DRIVERS
def test_a_number_that_the_column_cannot_hold_is_a_500_unless_the_path_limits_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(async_sqlalchemy.Base.metadata)
    app = FastAPI(lifespan=async_sqlalchemy.lifespan)

    @app.get("/unlimited/{number}")
    async def unlimited(number: int, session: async_sqlalchemy.SessionDep) -> str:
        return str(await session.get(async_sqlalchemy.Customer, number))

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get(f"/unlimited/{2**31 - 1}").status_code == 200
        assert client.get(f"/unlimited/{2**31}").status_code == 500
    with TestClient(async_sqlalchemy.app) as client:
        assert client.get(f"/customers/{2**31 - 1}").status_code == 404
        assert client.get(f"/customers/{2**31}").status_code == 422


HOSTILE = {"NUL": "a\x00b", "long": secrets.token_urlsafe(6000)}


@DRIVERS
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_that_column_or_index_cannot_hold_is_a_500_unless_the_model_refuses_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str, text: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(async_sqlalchemy.Base.metadata)
    app = FastAPI(lifespan=async_sqlalchemy.lifespan)

    class Unlimited(BaseModel):
        email: str

    @app.post("/unlimited")
    async def unlimited(new: Unlimited, session: async_sqlalchemy.SessionDep) -> None:
        session.add(async_sqlalchemy.Customer(email=new.email))
        await session.commit()

    body = {"email": text}
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/unlimited", json=body).status_code == 500
    with TestClient(async_sqlalchemy.app) as client:
        assert client.post("/customers", json=body).status_code == 422


def test_the_first_program_refuses_text_that_the_column_cannot_hold(
    database: Database,
) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    with TestClient(sqlmodel_def.app) as client:
        assert client.post("/products", json={"name": "a\x00b"}).status_code == 422
        assert client.get("/products?name=%00").status_code == 422


async def without_input(request: Request, error: RequestValidationError) -> Response:
    return JSONResponse([one["msg"] for one in error.errors()], 422)


@pytest.mark.parametrize(
    ("handlers", "status"), [({}, 500), ({RequestValidationError: without_input}, 422)]
)
def test_half_a_surrogate_pair_is_a_500_until_a_handler_leaves_the_input_out(
    handlers: Any, status: int
) -> None:
    app = FastAPI(exception_handlers=handlers)

    @app.post("/products")
    def create(new: sqlmodel_def.NewProduct) -> str:
        return new.name

    client = TestClient(app, raise_server_exceptions=False)
    half = b'{"name": "\\ud800"}'
    json_type = {"Content-Type": "application/json"}
    answer = client.post("/products", content=half, headers=json_type)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/products/1", 200), ("POST", "/products", 201)],
)
def test_more_requests_than_threads_and_connections_do_not_lock_each_other_out(
    database: Database, method: str, path: str, status: int
) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    database.execute("INSERT INTO product (name) VALUES ('tea')")
    body = {"name": "milk"} if method == "POST" else None
    assert flood(sqlmodel_def.app, method, path, body) == {status: 100}


def test_clients_that_do_not_read_hold_no_session(database: Database) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    database.execute("INSERT INTO product (name) VALUES ('tea')")
    path = "/products/1"
    assert status_beside_clients_that_do_not_read(sqlmodel_def.app, path) == 200


@DRIVERS
def test_clients_that_do_not_read_hold_no_asynchronous_session(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(async_sqlalchemy.Base.metadata)
    database.execute("INSERT INTO customers (email) VALUES ('ann@example.com')")
    path = "/customers/1"
    assert status_beside_clients_that_do_not_read(async_sqlalchemy.app, path) == 200


def test_a_session_opened_in_the_path_operation_needs_no_max_concurrency(
    database: Database,
) -> None:
    app = FastAPI(lifespan=sqlmodel_def.lifespan)

    @app.get("/products/{product_id}")
    def read(product_id: int, request: Request) -> sqlmodel_def.Product:
        with Session(request.state.engine) as session:
            return session.get_one(sqlmodel_def.Product, product_id)

    database.create_tables(sqlmodel_def.Product.metadata)
    database.execute("INSERT INTO product (name) VALUES ('tea')")
    assert flood(app, "GET", "/products/1") == {200: 100}


def test_sqlmodel_in_def_runs_in_a_worker_thread_and_validates_the_input(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    threads = []

    def engine_that_tells_its_threads(*args: Any) -> Any:
        engine = create_engine(*args)

        @event.listens_for(engine, "before_cursor_execute")
        def tell(*_: Any) -> None:
            threads.append(threading.current_thread().name)

        return engine

    monkeypatch.setattr(sqlmodel_def, "create_engine", engine_that_tells_its_threads)
    with TestClient(sqlmodel_def.app) as client:
        created = client.post("/products", json={"name": "tea"})
        assert created.json() == {"name": "tea", "id": 1}
        assert client.post("/products", json={"name": ""}).status_code == 422
    assert threads
    assert all("AnyIO worker thread" in name for name in threads)


def test_sqlmodel_does_not_validate_what_a_table_class_is_constructed_with() -> None:
    assert sqlmodel_def.Product(name="").name == ""
    with pytest.raises(ValidationError):
        sqlmodel_def.NewProduct(name="")
    with pytest.raises(ValidationError):
        sqlmodel_def.Product.model_validate({"name": ""})


def test_fastapi_and_starlette_depend_on_no_driver_and_no_orm() -> None:
    wanted = " ".join((requires("fastapi") or []) + (requires("starlette") or []))
    for name in ("sqlalchemy", "sqlmodel", "psycopg", "asyncpg", "alembic"):
        assert name not in wanted.lower()


def test_postgresql_without_a_driver_means_psycopg_3_also_for_the_async_engine() -> (
    None
):
    for create in (create_engine, create_async_engine):
        assert create("postgresql://host/name").dialect.driver == "psycopg"


def test_postgres_as_the_scheme_is_refused() -> None:
    with pytest.raises(
        NoSuchModuleError, match=r"Can't load plugin: sqlalchemy\.dialects:postgres$"
    ):
        create_async_engine("postgres://host/name")


def test_psycopg2_is_taken_only_if_the_address_names_it() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'psycopg2'"):
        create_engine("postgresql+psycopg2://host/name")


def test_asyncpg_knows_neither_sslmode_nor_connect_timeout(database: Database) -> None:
    async def connect(option: str) -> None:
        engine = create_async_engine(database.url("postgresql+asyncpg") + option)
        try:
            async with engine.connect():
                pass
        finally:
            await engine.dispose()

    for name in ("sslmode", "connect_timeout"):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
            asyncio.run(connect(f"?{name}=5"))
    asyncio.run(connect("?ssl=disable"))
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        asyncio.run(connect("?ssl=require"))  # understood; this server has no TLS


def test_an_async_engine_refuses_a_synchronous_driver() -> None:
    with pytest.raises(
        InvalidRequestError, match="The asyncio extension requires an async driver"
    ):
        create_async_engine("sqlite://")


@pytest.mark.filterwarnings("ignore:coroutine 'connect' was never awaited")
def test_a_synchronous_engine_with_asyncpg_fails_when_it_connects(
    database: Database,
) -> None:
    engine = create_engine(database.url("postgresql+asyncpg"))
    with pytest.raises(MissingGreenlet):
        engine.connect()
    gc.collect()  # so that the coroutine warns here, and not in a later test


def test_greenlet_comes_only_with_the_asyncio_extra() -> None:
    for requirement in requires("sqlalchemy") or []:
        if requirement.startswith("greenlet"):
            assert requirement.endswith('extra == "asyncio"')


def test_without_greenlet_sqlalchemy_ext_asyncio_cannot_be_imported() -> None:
    program = (
        "import sys; sys.modules['greenlet'] = None; import sqlalchemy.ext.asyncio"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert re.match(
        "ImportError: The SQLAlchemy asyncio module requires .* 'greenlet'",
        result.stderr.splitlines()[-1],
    )


def test_psycopg_cannot_be_imported_without_libpq() -> None:
    program = (
        "import sys, ctypes.util; ctypes.util.find_library = lambda name: None; "
        "sys.modules.update(psycopg_c=None, psycopg_binary=None); import psycopg"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "ImportError: no pq wrapper available" in result.stderr


def test_an_engine_per_request_opens_a_connection_per_request_and_keeps_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = []

    def create(address: str) -> Any:
        engines.append(create_engine(address))
        return engines[-1]

    monkeypatch.setattr(wrong_engine_per_request, "create_engine", create)
    with TestClient(wrong_engine_per_request.app) as client:
        for _ in range(3):
            assert client.get("/clock").status_code == 200
    assert len(engines) == database.connections() == 3
    for engine in engines:
        engine.dispose()


def test_with_one_engine_three_requests_use_one_connection(database: Database) -> None:
    database.create_tables(sqlmodel_def.Product.metadata)
    with TestClient(sqlmodel_def.app) as client:
        for name in ("tea", "milk", "sugar"):
            assert client.post("/products", json={"name": name}).status_code == 201
        assert database.connections() == 1


class Commits:
    """Holds back the commits of two requests until both have asked for one, or one waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
        self.database = database
        self.asked = 0
        self.both = asyncio.Event()
        commit = AsyncSession.commit

        async def held_back(session: AsyncSession) -> None:
            self.asked += 1
            await until(lambda: self.asked == 2 or database.waiting_for_locks() == 1)
            await commit(session)

        monkeypatch.setattr(AsyncSession, "commit", held_back)


async def two_posts(
    module: ModuleType, path: str, json: dict[str, str] | None = None
) -> list[int]:
    """Send the same request twice at the same time; return the status codes in order."""
    async with client_of(module.app) as client:
        tasks = [asyncio.create_task(client.post(path, json=json)) for _ in "ab"]
        await asyncio.wait(tasks)
    return sorted(task.result().status_code for task in tasks)


def test_check_then_insert_stores_the_same_address_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = wrong_check_then_insert
    database.create_tables(module.Base.metadata)
    Commits(monkeypatch, database)
    codes = asyncio.run(two_posts(module, "/customers", {"email": "a@example.org"}))
    assert codes == [201, 201]
    assert database.execute("SELECT count(*) FROM customers") == [(2,)]


@DRIVERS
def test_the_unique_constraint_lets_one_in_and_answers_409_to_the_other(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    module = async_sqlalchemy
    database.create_tables(module.Base.metadata)
    Commits(monkeypatch, database)
    codes = asyncio.run(two_posts(module, "/customers", {"email": "a@example.org"}))
    assert codes == [201, 409]
    assert database.execute("SELECT count(*) FROM customers") == [(1,)]


@DRIVERS
def test_a_primary_key_that_is_taken_is_the_same_409(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(async_sqlalchemy.Base.metadata)
    database.execute("INSERT INTO customers VALUES (1, 'a@example.org')")  # an import
    with TestClient(async_sqlalchemy.app) as client:
        body = {"email": "b@example.org"}
        assert client.post("/customers", json=body).status_code == 409
        assert client.post("/customers", json=body).status_code == 201


def test_serializable_also_prevents_a_row_stored_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = wrong_check_then_insert
    database.create_tables(module.Base.metadata)
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_isolation=serializable")
    Commits(monkeypatch, database)
    with pytest.raises(DBAPIError, match="could not serialize access"):
        asyncio.run(two_posts(module, "/customers", {"email": "a@example.org"}))
    assert database.execute("SELECT count(*) FROM customers") == [(1,)]


def concert_with_one_ticket(module: ModuleType, database: Database) -> None:
    database.create_tables(module.Base.metadata)
    database.execute("INSERT INTO concerts VALUES (1, 1)")


def test_read_then_write_sells_the_last_ticket_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    concert_with_one_ticket(wrong_read_then_write, database)
    Commits(monkeypatch, database)
    codes = asyncio.run(two_posts(wrong_read_then_write, "/concerts/1/buy"))
    assert codes == [200, 200]


@pytest.mark.parametrize("module", [atomic_update, locked_row])
def test_the_second_request_waits_for_the_first_and_sees_what_it_left(
    database: Database, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    concert_with_one_ticket(module, database)
    commits = Commits(monkeypatch, database)
    assert asyncio.run(two_posts(module, "/concerts/1/buy")) == [200, 409]
    assert commits.asked == 1
    assert database.execute("SELECT tickets FROM concerts") == [(0,)]


@pytest.mark.parametrize("module", [atomic_update, locked_row])
def test_an_unknown_concert_is_a_404(database: Database, module: ModuleType) -> None:
    concert_with_one_ticket(module, database)
    with TestClient(module.app) as client:
        codes = [client.post(f"/concerts/{n}/buy").status_code for n in (1, 1, 2)]
    assert codes == [200, 409, 404]


@pytest.mark.parametrize("module", [atomic_update, locked_row])
def test_nothing_is_sold_below_zero(database: Database, module: ModuleType) -> None:
    concert_with_one_ticket(module, database)
    database.execute("UPDATE concerts SET tickets = -1")
    with TestClient(module.app) as client:
        assert client.post("/concerts/1/buy").status_code == 409


@DRIVERS
def test_a_lock_that_nobody_gives_back_is_waited_for_at_most_five_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    concert_with_one_ticket(locked_row, database)
    limits = []

    def impatient(statement: str) -> Any:
        limits.append(statement)
        return text(statement.replace("5s", "20ms"))

    monkeypatch.setattr(locked_row, "text", impatient)
    with database.connect() as other, TestClient(locked_row.app) as client:
        other.execute("BEGIN")
        other.execute("SELECT * FROM concerts FOR UPDATE")
        with pytest.raises(DBAPIError, match="lock timeout"):
            client.post("/concerts/1/buy")
        other.execute("ROLLBACK")
        assert client.post("/concerts/1/buy").status_code == 200
    assert set(limits) == {"SET LOCAL lock_timeout = '5s'"}


def test_an_update_has_no_limit_of_its_own_and_a_statement_timeout_ends_it(
    database: Database,
) -> None:
    concert_with_one_ticket(atomic_update, database)
    with database.connect() as other, TestClient(atomic_update.app) as client:
        for setting in ("lock_timeout", "statement_timeout"):
            assert database.execute(f"SHOW {setting}") == [("0",)]  # no limit
        other.execute("BEGIN")
        other.execute("SELECT * FROM concerts FOR UPDATE")
        try:
            database.execute("ALTER ROLE postgres SET statement_timeout = '20ms'")
            with pytest.raises(DBAPIError, match="statement timeout"):
                client.post("/concerts/1/buy")
        finally:
            database.execute("ALTER ROLE postgres RESET statement_timeout")
        other.execute("ROLLBACK")
        assert client.post("/concerts/1/buy").status_code == 200


def test_a_locked_row_is_stale_where_the_session_has_loaded_it_before(
    database: Database,
) -> None:
    concert_with_one_ticket(locked_row, database)

    async def scenario() -> None:
        engine = create_async_engine(database.url())
        async with AsyncSession(engine) as session:
            concert = await session.get_one(locked_row.Concert, 1)
            database.execute("UPDATE concerts SET tickets = 0")
            await session.get_one(locked_row.Concert, 1, with_for_update=True)
            assert concert.tickets == 1  # stale, and the row is locked
            with database.connect() as other, pytest.raises(LockNotAvailable):
                other.execute("SELECT * FROM concerts FOR UPDATE NOWAIT")
        await engine.dispose()

    asyncio.run(scenario())


def test_a_dependency_that_has_loaded_the_row_does_not_sell_the_last_ticket_twice(
    database: Database,
) -> None:
    concert_with_one_ticket(locked_row, database)
    app = FastAPI(lifespan=locked_row.lifespan)

    async def load_first(concert_id: int, session: locked_row.SessionDep) -> Any:
        concert = await session.get_one(locked_row.Concert, concert_id)
        database.execute("UPDATE concerts SET tickets = 0")  # another request buys
        return concert

    @app.post("/concerts/{concert_id}/buy")
    async def buy(
        concert_id: int,
        session: locked_row.SessionDep,
        loaded: Annotated[Any, Depends(load_first)],
    ) -> int:
        return await locked_row.buy(concert_id, session)

    with TestClient(app) as client:
        assert client.post("/concerts/1/buy").status_code == 409


def test_repeatable_read_refuses_the_second_write_so_the_request_must_be_repeated(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    concert_with_one_ticket(wrong_read_then_write, database)
    monkeypatch.setenv(
        "PGOPTIONS", r"-c default_transaction_isolation=repeatable\ read"
    )
    Commits(monkeypatch, database)
    with pytest.raises(
        DBAPIError, match="could not serialize access due to concurrent update"
    ):
        asyncio.run(two_posts(wrong_read_then_write, "/concerts/1/buy"))
    assert database.execute("SELECT tickets FROM concerts") == [(0,)]


def test_sqlite_ignores_for_update() -> None:
    query = select(locked_row.Concert).with_for_update()
    assert "FOR UPDATE" not in str(query.compile(dialect=sqlite.dialect()))

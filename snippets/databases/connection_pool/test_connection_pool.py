import asyncio
import enum
import functools
import re
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import psycopg
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.testclient import TestClient
from httpx2 import AsyncClient
from sqlalchemy import Column, Enum, Integer, MetaData, Table, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util.queue import AsyncAdaptedQueue

from snippets.conftest import Database, limits_of_a_stop_beside_a_silent_server
from snippets.databases.conftest import (
    PATIENCE,
    client_of,
    status_beside_clients_that_do_not_read,
    until,
)
from snippets.databases.connection_pool import (
    behind_pgbouncer,
    call_after_transaction,
    one_session,
    sized_pool,
    wrong_call_in_transaction,
    wrong_second_session,
)

PAGE = Path(__file__).parents[3] / "docs/databases/connection-pool.md"
IN_TRANSACTION = "state = 'idle in transaction'"
OTHERS = b"""
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@asynccontextmanager
async def engine_of(database: Database, **options: Any) -> AsyncIterator[AsyncEngine]:
    drivername = options.pop("drivername", "postgresql+psycopg")
    engine = create_async_engine(database.url(drivername), **options)
    yield engine
    await engine.dispose()


@asynccontextmanager
async def connections_of(engine: AsyncEngine, number: int) -> AsyncIterator[None]:
    """Take ``number`` connections out of the pool."""
    async with AsyncExitStack() as stack:
        for _ in range(number):
            await stack.enter_async_context(engine.connect())
        yield


@pytest.mark.parametrize("module", [one_session, call_after_transaction])
def test_with_asyncpg_a_silent_server_holds_the_stop_for_five_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))
    assert limits_of_a_stop_beside_a_silent_server(module, monkeypatch) == [5]


def test_a_default_pool_has_5_connections_10_more_at_a_peak_and_30_seconds_patience() -> (
    None
):
    pool = create_async_engine("postgresql://host/name").pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    assert (pool.size(), pool._max_overflow, pool.timeout()) == (5, 10, 30)


def test_a_pool_size_of_0_means_no_limit_and_no_variable_can_set_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "postgresql://host/name"
    pool = create_async_engine(address, pool_size=0, max_overflow=0).pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    assert pool._max_overflow == -1  # no limit

    sizes = []

    def remember(address: str, **options: Any) -> AsyncEngine:
        sizes.append(options["pool_size"])
        return create_async_engine(address, **options)

    monkeypatch.setattr(sized_pool, "create_async_engine", remember)
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("POOL_SIZE", "0")
    with TestClient(sized_pool.app):
        assert sizes == [5]


def test_a_host_that_does_not_answer_is_given_up_after_the_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = []

    def impatient(address: str, connect_args: Any, **options: Any) -> AsyncEngine:
        limits.append(connect_args["connect_timeout"])
        # the shortest that psycopg knows
        return create_async_engine(
            address, connect_args={"connect_timeout": 2}, **options
        )

    monkeypatch.setattr(sized_pool, "create_async_engine", impatient)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        address = f"postgresql+psycopg://shop:secret@127.0.0.1:{port}/shop"
        monkeypatch.setenv("DATABASE_URL", address)
        with (
            TestClient(sized_pool.app) as client,
            pytest.raises(OperationalError, match="timeout"),
        ):
            client.get("/one")
    assert limits == [5]


def test_a_statement_timeout_of_the_role_ends_slow_queries_of_later_connections(
    database: Database,
) -> None:
    setting = "ALTER ROLE postgres SET statement_timeout = '{}'"
    assert "ALTER ROLE shop SET statement_timeout = '5s'" in PAGE.read_text()
    try:
        database.execute(setting.format("5s"))
        assert database.execute("SHOW statement_timeout") == [("5s",)]
        database.execute(setting.format("20ms"))
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            database.execute("SELECT pg_sleep(30)")
    finally:
        database.execute("ALTER ROLE postgres RESET statement_timeout")


def test_connections_are_opened_on_demand_and_only_pool_size_of_them_are_kept(
    database: Database,
) -> None:
    async def scenario() -> None:
        async with engine_of(database) as engine:
            assert database.connections() == 0
            async with connections_of(engine, 6):
                assert database.connections() == 6
            await until(lambda: database.connections() == 5)

    asyncio.run(scenario())


def test_two_workers_with_default_pools_take_more_than_20_connections(
    database: Database, recorded: Any
) -> None:
    async def scenario() -> str:
        drivername = "postgresql+asyncpg"
        async with (
            engine_of(database, drivername=drivername) as one,
            engine_of(database, drivername=drivername) as two,
            connections_of(one, 15),
        ):
            with pytest.raises(DBAPIError) as caught:
                async with connections_of(two, 15):
                    pass
        return str(caught.value).splitlines()[0]

    recorded("too_many_clients.txt", asyncio.run(scenario()))


def test_an_ordinary_role_gets_three_connections_less_than_max_connections(
    database: Database,
) -> None:
    database.execute(
        "DROP ROLE IF EXISTS ordinary",
        f"CREATE ROLE ordinary LOGIN PASSWORD '{database.password}'",
    )
    address = database.url().replace("//postgres:", "//ordinary:")
    with ExitStack() as stack:
        beside = stack.enter_context(database.connect())
        while beside.execute(OTHERS).fetchone() != (0,):
            pass
        for _ in range(16):
            stack.enter_context(psycopg.connect(address))
        with pytest.raises(
            psycopg.OperationalError, match="remaining connection slots are reserved"
        ):
            psycopg.connect(address)


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pool give up at once, whatever its time limit is."""
    get = AsyncAdaptedQueue.get

    def get_at_once(queue: Any, block: bool = True, timeout: Any = None) -> Any:
        return get(queue, block, timeout and 0.01)

    monkeypatch.setattr(AsyncAdaptedQueue, "get", get_at_once)


async def said(client: AsyncClient, when: str) -> str:
    answer = await client.get("/one")
    return f"{when}: {answer.status_code} {answer.text}"


def test_an_exhausted_pool_gives_this_error_and_the_handler_answers_503(
    database: Database, monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    be_impatient(monkeypatch)
    engines = []

    def remember(address: str, **options: Any) -> AsyncEngine:
        engines.append(create_async_engine(address, **options))
        return engines[0]

    monkeypatch.setattr(sized_pool, "create_async_engine", remember)

    async def scenario() -> str:
        async with client_of(sized_pool.app) as client:
            assert (await client.get("/one")).json() == 1
            lines = [await said(client, "one connection is free")]
            async with connections_of(engines[0], 5):
                answer = await client.get("/one")
                lines.append(await said(client, "all five are in use"))
                recorded("exchange.txt", "\n".join(lines))
                assert answer.status_code == 503
                assert answer.headers["Retry-After"] == "1"
                with pytest.raises(PoolTimeout) as caught:
                    await engines[0].connect()
            return f"sqlalchemy.exc.TimeoutError: {caught.value}"

    line = re.sub(r" \(Background.*", "", asyncio.run(scenario()))
    recorded("pool_timeout.txt", line.replace(", ", ",\n    ", 1))


def test_the_pools_error_is_not_the_builtin_timeout_error() -> None:
    assert not issubclass(PoolTimeout, TimeoutError)


@pytest.mark.parametrize(
    ("module", "held"), [(wrong_call_in_transaction, 1), (call_after_transaction, 0)]
)
def test_connections_that_idle_in_a_transaction_while_the_other_service_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch, module: ModuleType, held: int
) -> None:
    database.create_tables(module.Base.metadata)
    database.execute("INSERT INTO orders VALUES (1, 'P-1')")
    seen = []
    ask_carrier = module.ask_carrier

    async def look_and_ask(parcel: str) -> str:
        seen.append(database.connections(IN_TRANSACTION))
        return str(await ask_carrier(parcel))

    monkeypatch.setattr(module, "ask_carrier", look_and_ask)
    with TestClient(module.app) as client:
        assert client.get("/orders/1/parcel").json() == "P-1 is on its way"
    assert seen == [held]


def test_with_expire_on_commit_the_order_could_not_be_read_after_the_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = call_after_transaction
    database.create_tables(module.Base.metadata)
    database.execute("INSERT INTO orders VALUES (1, 'P-1')")
    monkeypatch.setattr(
        module, "async_sessionmaker", lambda engine, **_: async_sessionmaker(engine)
    )
    with (
        TestClient(module.app) as client,
        pytest.raises(StatementError, match="MissingGreenlet"),
    ):
        client.get("/orders/1/parcel")


def test_clients_that_do_not_read_hold_no_connection(database: Database) -> None:
    assert status_beside_clients_that_do_not_read(sized_pool.app, "/one") == 200


def test_a_background_task_keeps_the_connection_of_a_request_that_only_read(
    database: Database,
) -> None:
    app = FastAPI(lifespan=sized_pool.lifespan)
    seen = []

    @app.get("/one")
    async def one(
        session: Annotated[AsyncSession, Depends(sized_pool.get_session)],
        tasks: BackgroundTasks,
    ) -> int:
        tasks.add_task(lambda: seen.append(database.connections(IN_TRANSACTION)))
        return await sized_pool.one(session)

    with TestClient(app) as client:
        assert client.get("/one").json() == 1
    assert seen == [1]


def test_idle_in_transaction_session_timeout_ends_the_connection_and_is_off_by_default(
    database: Database,
) -> None:
    setting = "idle_in_transaction_session_timeout"
    assert database.execute(f"SHOW {setting}") == [("0",)]

    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute(f"SET {setting} = '20ms'".encode())
        connection.execute("BEGIN")
        asyncio.run(until(lambda: database.connections() == 0))
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            connection.execute("SELECT 1")


def test_pool_recycle_replaces_a_connection_that_has_become_too_old(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> list[int]:
        async with engine_of(database, pool_recycle=300) as engine:
            pids = []
            for age in (0, 200, 400):
                now = time.time() + age
                monkeypatch.setattr(
                    "sqlalchemy.pool.base.time.time", lambda now=now: now
                )
                async with engine.connect() as connection:
                    pids.append(
                        await connection.scalar(text("SELECT pg_backend_pid()"))
                    )
        return pids

    first, second, third = asyncio.run(scenario())
    assert first == second != third


async def two_orders(module: ModuleType) -> list[int | BaseException]:
    """Send two requests, each of which has stored its order before the other goes on."""
    both = asyncio.Barrier(2)
    flush = AsyncSession.flush
    first: list[AsyncSession] = []

    async def flush_and_wait(session: AsyncSession) -> None:
        await flush(session)
        if len(first) < 2:
            first.append(session)
            await both.wait()

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(AsyncSession, "flush", flush_and_wait)
        async with client_of(module.app) as client:
            answers = await asyncio.gather(
                client.post("/orders/P-1"),
                client.post("/orders/P-2"),
                return_exceptions=True,
            )
    return [
        answer if isinstance(answer, BaseException) else answer.status_code
        for answer in answers
    ]


def use_pool_of_two(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    create = functools.partial(
        create_async_engine, pool_size=2, max_overflow=0, pool_timeout=PATIENCE
    )
    monkeypatch.setattr(module, "create_async_engine", create)


def test_requests_that_take_a_second_connection_lock_each_other_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pool_of_two(monkeypatch, wrong_second_session)
    be_impatient(monkeypatch)
    database.create_tables(wrong_second_session.Base.metadata)
    answers = asyncio.run(two_orders(wrong_second_session))
    # The first one that gives up sets its connection free, and the other may get it in time.
    failed = [answer for answer in answers if isinstance(answer, PoolTimeout)]
    assert failed
    assert len(database.execute("SELECT * FROM orders")) == 2 - len(failed)


def test_requests_that_take_one_connection_each_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pool_of_two(monkeypatch, one_session)
    database.create_tables(one_session.Base.metadata)
    assert asyncio.run(two_orders(one_session)) == [201, 201]
    assert len(database.execute("SELECT * FROM audits")) == 2


def test_a_connection_that_the_server_has_closed_costs_one_request(
    database: Database, recorded: Any
) -> None:
    async def scenario() -> str:
        async with engine_of(database) as engine:
            async with engine.connect():
                pass
            database.end_connections()
            async with engine.connect() as connection:
                with pytest.raises(OperationalError) as caught:
                    await connection.execute(text("SELECT 1"))
                assert caught.value.connection_invalidated
            async with engine.connect() as connection:
                assert await connection.scalar(text("SELECT 1")) == 1
        return str(caught.value).splitlines()[0]

    recorded("closed_by_the_server.txt", asyncio.run(scenario()))


def test_with_pre_ping_the_request_gets_a_new_connection(database: Database) -> None:
    with TestClient(sized_pool.app) as client:
        assert client.get("/one").json() == 1
        database.end_connections()
        assert client.get("/one").json() == 1


@pytest.mark.parametrize("module", [call_after_transaction, wrong_call_in_transaction])
def test_an_unknown_order_is_a_404_and_one_beyond_the_column_a_422(
    database: Database, module: ModuleType
) -> None:
    database.create_tables(module.Base.metadata)
    with TestClient(module.app) as client:
        assert client.get("/orders/999/parcel").status_code == 404
        for number in (2**31, -(2**31) - 1):
            assert client.get(f"/orders/{number}/parcel").status_code == 422


@pytest.mark.parametrize("module", [one_session, wrong_second_session])
def test_a_parcel_that_the_column_cannot_hold_is_a_422(
    database: Database, module: ModuleType
) -> None:
    database.create_tables(module.Base.metadata)
    with TestClient(module.app) as client:
        for parcel in ("a%00b", "%00", "a" * 41):
            assert client.post(f"/orders/{parcel}").status_code == 422
        assert client.post("/orders/P%201").status_code == 201


@asynccontextmanager
async def counted_round_trips(
    database: Database, speaks: asyncio.Event | None = None
) -> AsyncIterator[tuple[int, list[str]]]:
    """Stand between driver and server; note each change of direction."""
    trips: list[str] = []
    copies: list[asyncio.Task[None]] = []

    async def copy(source: Any, target: Any, name: str) -> None:
        while data := await source.read(65536):
            if trips[-1:] != [name]:
                trips.append(name)
            if speaks:
                await speaks.wait()
            target.write(data)
            await target.drain()
        target.close()

    async def accept(reader: Any, writer: Any) -> None:
        upstream = await asyncio.open_connection("127.0.0.1", database.port)
        copies.append(asyncio.create_task(copy(reader, upstream[1], "asks")))
        copies.append(asyncio.create_task(copy(upstream[0], writer, "answers")))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], trips
        server.close()
        await asyncio.gather(*copies, return_exceptions=True)


def test_a_server_that_falls_silent_on_an_open_connection_is_waited_for_without_limit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float | None] = []
    wait = psycopg.waiting.wait_async

    def note(*arguments: Any, **options: Any) -> Any:
        limits.append(options.get("timeout"))
        return wait(*arguments, **options)

    async def scenario() -> None:
        speaks = asyncio.Event()
        speaks.set()
        async with counted_round_trips(database, speaks) as (port, trips):
            address = database.url("postgresql+psycopg").replace(
                f":{database.port}/", f":{port}/"
            )
            monkeypatch.setenv("DATABASE_URL", address)
            async with client_of(sized_pool.app) as client:
                assert (await client.get("/one")).json() == 1
                speaks.clear()
                trips.clear()
                monkeypatch.setattr(psycopg.waiting, "wait_async", note)
                request = asyncio.create_task(client.get("/one"))
                await until(lambda: bool(trips))
                assert set(limits) == {None}
                assert not request.done()
                speaks.set()
                assert (await request).json() == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(("drivername", "more"), [("psycopg", 1), ("asyncpg", 3)])
def test_pre_ping_costs_one_round_trip_with_psycopg_and_three_with_asyncpg(
    database: Database, drivername: str, more: int
) -> None:
    async def scenario(pre_ping: bool) -> int:
        async with counted_round_trips(database) as (port, trips):
            address = database.url(f"postgresql+{drivername}").replace(
                f":{database.port}/", f":{port}/"
            )
            engine = create_async_engine(address, pool_pre_ping=pre_ping)
            for _ in range(3):
                trips.clear()
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
            count = trips.count("asks")
            await engine.dispose()
        return count

    assert asyncio.run(scenario(True)) - asyncio.run(scenario(False)) == more


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (None, 0),
        ({"prepared_statement_name_func": lambda: f"_{uuid.uuid4()}_"}, 1),
    ],
)
def test_the_engine_for_pgbouncer_leaves_no_prepared_statement_even_with_an_enum(
    database: Database, monkeypatch: pytest.MonkeyPatch, options: Any, left: int
) -> None:
    """PgBouncer gives the server connection, and what was left on it, to the next client."""
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))
    colours = Table(
        "colours",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("colour", Enum(Colour)),
    )
    database.create_tables(colours.metadata)
    names = text("SELECT name FROM pg_prepared_statements")

    async def scenario() -> list[str]:
        engine = behind_pgbouncer.create_engine()
        if options:
            address = database.url("postgresql+asyncpg")
            engine = create_async_engine(address, connect_args=options)
        async with engine.connect() as connection:
            query = select(colours).where(colours.c.colour == Colour.RED)
            await connection.execute(query)
            found = list(await connection.scalars(names))
        await engine.dispose()
        return [name for name in found if name]

    found = asyncio.run(scenario())
    assert bool(found) == bool(left)
    # asyncpg asks for the type of an enum with a statement that it names itself.
    assert any(name.startswith("__asyncpg_stmt_") for name in found) == bool(left)


def test_the_engine_for_pgbouncer_has_no_limit_of_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))

    async def scenario() -> None:
        engine = behind_pgbouncer.create_engine()
        async with connections_of(engine, 16):
            assert database.connections() == 16
        await engine.dispose()

    asyncio.run(scenario())


@pytest.mark.parametrize(("scope", "held"), [("request", 1), ("function", 0)])
def test_what_a_read_only_request_holds_while_its_response_is_sent(
    database: Database, scope: Any, held: int
) -> None:
    app = FastAPI(lifespan=sized_pool.lifespan)

    @app.get("/one")
    async def one(
        session: Annotated[AsyncSession, Depends(sized_pool.get_session, scope=scope)],
    ) -> int:
        return await sized_pool.one(session)

    seen = []

    async def spy(
        scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]
    ) -> None:
        async def tell(message: Any) -> None:
            if message["type"] == "http.response.body":
                seen.append(database.connections(IN_TRANSACTION))
            await send(message)

        await app(scope, receive, tell)

    with TestClient(spy) as client:
        assert client.get("/one").json() == 1
    assert seen == [held]

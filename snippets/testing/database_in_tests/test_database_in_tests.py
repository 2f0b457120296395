import asyncio
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlmodel
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import (
    IntegrityError,
    InvalidRequestError,
    OperationalError,
    SAWarning,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool, StaticPool

from snippets.conftest import outcomes, run_pytest
from snippets.testing.database_in_tests import (
    async_rollback_tests,
    rollback_tests,
    truncate,
    wrong_default_mode,
    wrong_shared_session,
)
from snippets.testing.database_in_tests.rollback_tests import Base, Order, app, joined

FOLDER = Path(__file__).parent


@pytest.fixture
def shop_url(database: Any) -> Iterator[str]:
    """The address of an empty database whose name ends in ``_test``."""
    database.execute("DROP DATABASE IF EXISTS shop_test", "CREATE DATABASE shop_test")
    url = make_url(database.url("postgresql+psycopg")).set(database="shop_test")
    yield url.render_as_string(hide_password=False)
    database.execute("DROP DATABASE shop_test WITH (FORCE)")


@pytest.fixture
def engine(shop_url: str) -> Iterator[Engine]:
    engine = create_engine(shop_url, poolclass=NullPool)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def numbers(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Order.number)))


def report_of(folder: Path, snippet: str, url: str, *options: str) -> str:
    """Run the tests of a snippet in a pytest of their own, as a reader does."""
    shutil.copy(FOLDER / snippet, folder / "test_orders.py")
    options = ("--tb=line", *options, "test_orders.py")
    return run_pytest(folder, *options, TEST_DATABASE_URL=url).stdout


def test_the_tests_of_the_page_pass_and_leave_no_row(
    tmp_path: Path, shop_url: str, recorded: Any
) -> None:
    report = report_of(tmp_path, "rollback_tests.py", shop_url, "-v")
    recorded("passed.txt", "\n".join(outcomes(report)))
    assert "2 passed" in report
    engine = create_engine(shop_url, poolclass=NullPool)
    assert numbers(engine) == []


def test_a_database_whose_name_does_not_end_in_test_is_refused(
    tmp_path: Path, shop_url: str
) -> None:
    url = make_url(shop_url).set(database="postgres")
    report = report_of(
        tmp_path, "rollback_tests.py", url.render_as_string(hide_password=False)
    )
    assert "not a database for tests" in report
    assert "2 errors" in report


def test_the_asynchronous_tests_of_the_page_pass_and_leave_no_table(
    tmp_path: Path, shop_url: str
) -> None:
    url = make_url(shop_url).set(drivername="postgresql+asyncpg")
    report = report_of(
        tmp_path,
        "async_rollback_tests.py",
        url.render_as_string(hide_password=False),
    )
    assert "1 passed" in report
    engine = create_engine(shop_url, poolclass=NullPool)
    assert inspect(engine).get_table_names() == []
    assert async_rollback_tests.Order.__tablename__ == "async_orders"


def test_in_auto_mode_of_pytest_asyncio_the_asynchronous_tests_need_no_anyio(
    tmp_path: Path, shop_url: str
) -> None:
    url = make_url(shop_url).set(drivername="postgresql+asyncpg")
    address = url.render_as_string(hide_password=False)
    auto = ("-o", "asyncio_mode=auto")
    assert "1 passed" not in report_of(
        tmp_path, "async_rollback_tests.py", address, *auto
    )
    program = (FOLDER / "async_rollback_tests.py").read_text()
    program = program.replace("@pytest.mark.anyio\n", "")
    program = program.replace("connection(anyio_backend: str)", "connection()")
    alone = tmp_path / "alone.py"
    alone.write_text(program)
    assert "1 passed" in report_of(tmp_path, str(alone), address, *auto)


def test_an_isolation_level_is_refused_within_the_transaction(engine: Engine) -> None:
    with (
        engine.connect() as connection,
        connection.begin(),
        joined(connection) as session,
    ):
        level = {"isolation_level": "SERIALIZABLE"}
        with pytest.raises(InvalidRequestError, match="isolation_level"):
            session.connection(execution_options=level)


def test_a_commit_of_the_code_ends_only_its_savepoint(engine: Engine) -> None:
    statements: list[str] = []

    @event.listens_for(engine, "release_savepoint")
    def released(connection: Connection, name: str, context: Any) -> None:
        statements.append("RELEASE SAVEPOINT")

    @event.listens_for(engine, "commit")
    def committed(connection: Connection) -> None:
        statements.append("COMMIT")

    with engine.connect() as connection, connection.begin() as transaction:
        with joined(connection) as session:
            session.add(Order(number="A-1"))
            session.commit()
        transaction.rollback()
    assert statements == ["RELEASE SAVEPOINT"]
    assert numbers(engine) == []


def test_a_rollback_of_the_code_keeps_what_the_test_committed_before(
    engine: Engine,
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        with joined(connection) as session:
            session.add(Order(number="A-1"))
            session.commit()
        with joined(connection) as session:
            session.add(Order(number="A-2"))
            session.flush()
            session.rollback()
            assert session.scalars(select(Order.number)).all() == ["A-1"]
        transaction.rollback()


def test_with_the_default_mode_a_rollback_of_the_code_undoes_the_rows_of_the_test(
    engine: Engine,
) -> None:
    fixture: Any = wrong_default_mode.session
    function = fixture.__wrapped__
    with engine.connect() as connection:
        transaction = connection.begin()
        session = next(function(connection))
        session.add(Order(number="A-1"))
        session.commit()
        session.rollback()
        session.add(Order(number="A-2"))
        session.flush()
        session.rollback()
        assert not transaction.is_active
        with pytest.warns(SAWarning, match="transaction already deassociated"):
            transaction.rollback()
        session.close()
        with joined(connection) as after:
            assert after.scalars(select(Order.number)).all() == []


def orders(client: TestClient, number: str) -> int:
    return client.post("/orders", json={"number": number}).status_code


def forget_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "commit", Session.flush)


def test_a_shared_session_hides_a_forgotten_commit(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture: Any = wrong_shared_session.client
    forget_the_commit(monkeypatch)
    with engine.connect() as connection, connection.begin() as transaction:
        with joined(connection) as session:
            clients = fixture.__wrapped__(session)
            assert orders(next(clients), "A-1") == 201
            assert session.scalars(select(Order.number)).all() == ["A-1"]
            next(clients, None)
        transaction.rollback()


def test_a_session_of_its_own_shows_a_forgotten_commit(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture: Any = rollback_tests.client
    forget_the_commit(monkeypatch)
    with engine.connect() as connection, connection.begin() as transaction:
        clients = fixture.__wrapped__(connection)
        assert orders(next(clients), "A-1") == 201
        with joined(connection) as session:
            assert session.scalars(select(Order.number)).all() == []
        next(clients, None)
        transaction.rollback()
    assert app.dependency_overrides == {}


def test_numbers_of_a_sequence_go_on_after_a_rollback(engine: Engine) -> None:
    ids = []
    for _ in range(2):
        with engine.connect() as connection, connection.begin() as transaction:
            with joined(connection) as session:
                order = Order(number="A-1")
                session.add(order)
                session.commit()
                ids.append(order.id)
            transaction.rollback()
    assert ids == [1, 2]


def test_the_first_requests_at_once_share_one_engine(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def make(_: str) -> Engine:
        threading.Event().wait(0.1)  # as long as the others need to arrive
        made.append(engine)
        return engine

    monkeypatch.setenv("DATABASE_URL", "that of the test")
    monkeypatch.setattr(rollback_tests, "create_engine", make)
    rollback_tests.make_engine.cache_clear()
    with TestClient(app) as client, ThreadPoolExecutor() as pool:
        found = pool.map(lambda number: orders(client, number), ["A-1", "A-2", "A-3"])
        assert list(found) == [201] * 3
    rollback_tests.make_engine.cache_clear()
    assert len(made) == 1


def test_more_requests_than_threads_and_connections_do_not_lock_each_other_out(
    engine: Engine, shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled = create_engine(shop_url)
    monkeypatch.setattr(rollback_tests, "make_engine", lambda: pooled)

    async def send() -> set[int]:
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            bodies = [{"number": f"A-{number}"} for number in range(100)]
            requests = [client.post("/orders", json=body) for body in bodies]
            return {answer.status_code for answer in await asyncio.gather(*requests)}

    try:
        assert asyncio.run(send()) == {201}
    finally:
        pooled.dispose()


def test_now_is_the_same_for_the_whole_test(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        times = set()
        for _ in range(2):
            with joined(connection) as session:
                times.add(session.scalar(select(func.now())))
                session.commit()
    assert len(times) == 1


def test_another_connection_sees_nothing_of_the_test(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        with joined(connection) as session:
            session.add(Order(number="A-1"))
            session.commit()
        assert numbers(engine) == []
        transaction.rollback()


def test_a_deferred_constraint_is_checked_only_by_a_real_commit(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (id int PRIMARY KEY)"))
        connection.execute(
            text("CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
        )
    with engine.connect() as connection, connection.begin() as transaction:
        with joined(connection) as session:
            session.execute(text("INSERT INTO b VALUES (1)"))
            session.commit()
        transaction.rollback()
    with Session(engine) as session:
        session.execute(text("INSERT INTO b VALUES (1)"))
        with pytest.raises(IntegrityError):
            session.commit()


def test_truncate_empties_all_tables_and_starts_their_numbers_again(
    engine: Engine,
) -> None:
    for _ in range(2):
        truncate.truncate(engine, Base.metadata)
        with Session(engine) as session:
            order = Order(number="A-1")
            session.add(order)
            session.commit()
            assert order.id == 1


def test_truncate_refuses_a_database_that_is_not_for_tests(database: Any) -> None:
    other = create_engine(database.url("postgresql+psycopg"), poolclass=NullPool)
    with pytest.raises(AssertionError, match="not a database for tests"):
        truncate.truncate(other, Base.metadata)


def test_the_committing_client_really_commits_and_leaves_empty_tables(
    engine: Engine,
) -> None:
    with Session(engine) as session:
        session.add(Order(number="left behind"))
        session.commit()
    fixture: Any = truncate.committing_client
    clients = fixture.__wrapped__(engine)
    assert orders(next(clients), "A-1") == 201
    assert numbers(engine) == ["A-1"]
    next(clients, None)
    assert numbers(engine) == []
    assert app.dependency_overrides == {}


def test_a_session_that_has_looked_shows_old_values_and_its_rollback_undoes_a_request(
    engine: Engine,
) -> None:
    def request(connection: Connection, number: str) -> None:
        with joined(connection) as session:
            session.scalars(select(Order)).one().number = number
            session.commit()

    with engine.connect() as connection, connection.begin() as transaction:
        with joined(connection) as session:
            session.add(Order(number="A-1"))
            session.commit()
            order = session.scalars(select(Order)).one()
            request(connection, "A-2")
            assert session.scalars(select(Order)).one().number == "A-1"
            session.rollback()
            assert session.scalar(select(Order.number)) == "A-1"
            session.commit()
            request(connection, "A-3")
            assert order.number == "A-3"
        transaction.rollback()


def test_the_engine_of_another_process_drops_the_tables_with_their_rows(
    shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", shop_url)
    fixture: Any = rollback_tests.engine
    first, second = fixture.__wrapped__(), fixture.__wrapped__()
    engine = next(first)
    with Session(engine) as session:
        session.add(Order(number="A-1"))
        session.commit()
    next(second)
    assert numbers(engine) == []
    for engines in (first, second):
        next(engines, None)


def test_truncate_waits_for_an_open_transaction(engine: Engine) -> None:
    with Session(engine) as session:
        session.execute(select(Order))
        impatient = create_engine(
            engine.url,
            poolclass=NullPool,
            connect_args={"options": "-c lock_timeout=50"},
        )
        with pytest.raises(OperationalError, match="lock timeout"):
            truncate.truncate(impatient, Base.metadata)


def test_a_database_is_copied_from_a_template(engine: Engine, database: Any) -> None:
    with Session(engine) as session:
        session.add(Order(number="A-1"))
        session.commit()
    database.execute("CREATE DATABASE shop_gw0_test TEMPLATE shop_test")
    copy = create_engine(engine.url.set(database="shop_gw0_test"), poolclass=NullPool)
    assert numbers(copy) == ["A-1"]
    database.execute("DROP DATABASE shop_gw0_test")


def test_a_template_must_have_no_open_connection(engine: Engine, database: Any) -> None:
    with engine.connect(), pytest.raises(Exception, match="being accessed by other"):
        database.execute("CREATE DATABASE shop_gw0_test TEMPLATE shop_test")


class Strict(DeclarativeBase): ...


class Customer(Strict):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(3))
    friend: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    since: Mapped[Any] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


def in_memory() -> Engine:
    return create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )


def test_sqlite_stores_what_postgresql_refuses(engine: Engine) -> None:
    sqlite = in_memory()
    Strict.metadata.create_all(sqlite)
    with Session(sqlite) as session:
        session.add(Customer(name="too long", friend=7))
        session.commit()
        stored = session.scalars(select(Customer)).one()
        assert (stored.name, stored.friend) == ("too long", 7)
        assert stored.since.tzinfo is None
    sqlite.dispose()

    Strict.metadata.create_all(engine)
    for values in ({"name": "too long"}, {"name": "ada", "friend": 7}):
        with Session(engine) as session:
            session.add(Customer(**values))
            with pytest.raises(Exception, match=r"too long|foreign key"):
                session.commit()
    with Session(engine) as session:
        session.add(Customer(name="ada"))
        session.commit()
        assert session.scalars(select(Customer)).one().since.tzinfo is not None


def test_the_rollback_keeps_rows_in_sqlite(tmp_path: Path) -> None:
    sqlite = create_engine(f"sqlite:///{tmp_path}/orders.db", poolclass=NullPool)
    Base.metadata.create_all(sqlite)
    with sqlite.connect() as connection:
        transaction = connection.begin()
        with joined(connection) as session:
            session.add(Order(number="A-1"))
            session.commit()
        transaction.rollback()
    assert numbers(sqlite) == ["A-1"]


def test_an_sqlite_in_memory_is_empty_in_each_new_engine() -> None:
    for _ in range(2):
        sqlite = in_memory()
        Base.metadata.create_all(sqlite)
        assert numbers(sqlite) == []
        with Session(sqlite) as session:
            session.add(Order(number="A-1"))
            session.commit()
        sqlite.dispose()


def test_migrations_go_to_the_database_that_env_py_reads(
    database: Any, shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config()
    folder = Path(__file__).parents[2] / "databases" / "migrations"
    config.set_main_option("script_location", str(folder))
    other = database.url("postgresql+psycopg")
    monkeypatch.setenv("TEST_DATABASE_URL", shop_url)

    def tables(url: str) -> list[str]:
        return inspect(create_engine(url, poolclass=NullPool)).get_table_names()

    monkeypatch.setenv("DATABASE_URL", shop_url)
    command.upgrade(config, "head")
    assert ("orders" in tables(shop_url), "orders" in tables(other)) == (True, False)
    command.downgrade(config, "base")
    monkeypatch.setenv("DATABASE_URL", other)
    command.upgrade(config, "head")
    assert ("orders" in tables(shop_url), "orders" in tables(other)) == (False, True)
    command.downgrade(config, "base")


def test_create_all_does_not_change_a_table_that_exists(engine: Engine) -> None:
    newer = MetaData()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (id int)"))
    Table("things", newer, Column("id", Integer), Column("new", Integer))
    newer.create_all(engine)
    assert [c["name"] for c in inspect(engine).get_columns("things")] == ["id"]


def test_the_session_of_sqlmodel_takes_the_same_argument(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        with sqlmodel.Session(
            connection, join_transaction_mode="create_savepoint"
        ) as session:
            session.add(Order(number="A-1"))
            session.commit()
        transaction.rollback()
    assert numbers(engine) == []

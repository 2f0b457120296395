import asyncio
import re
import traceback
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from fastapi.exceptions import (
    DependencyScopeError,
    FastAPIError,
    ResponseValidationError,
)
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import (
    DBAPIError,
    IllegalStateChangeError,
    IntegrityError,
    InvalidRequestError,
    MissingGreenlet,
    PendingRollbackError,
    StatementError,
)
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, raiseload
from sqlalchemy.orm.exc import DetachedInstanceError
from starlette.requests import HTTPConnection

from snippets.conftest import Database, limits_of_a_stop_beside_a_silent_server
from snippets.databases.conftest import (
    PATIENCE,
    client_of,
    status_beside_clients_that_do_not_read,
)
from snippets.databases.session_per_request import (
    commit_before_response,
    loaded_with_the_order,
    session_per_request,
    session_per_task,
    sync_session,
    wrong_commit_after_yield,
    wrong_global_session,
    wrong_lazy_loading,
    wrong_shared_session,
)

TAKEN = {"number": "A-1"}


def stored(database: Database) -> int:
    return int(database.execute("SELECT count(*) FROM orders")[0][0])


def with_one_order(module: ModuleType, database: Database) -> None:
    database.create_tables(module.Base.metadata)
    database.execute("INSERT INTO orders (number) VALUES ('A-1')")


class Spy:
    """Stands between application and client, and asks the database while the body is sent."""

    def __init__(self, app: FastAPI, ask: Callable[[], Any]) -> None:
        self.app = app
        self.ask = ask
        self.seen: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def tell(message: Any) -> None:
            if message["type"] == "http.response.body":
                self.seen.append(self.ask())
            await send(message)

        await self.app(scope, receive, tell)


@pytest.mark.parametrize(
    ("module", "committed"),
    [
        (session_per_request, 1),
        (sync_session, 1),
        (commit_before_response, 1),
        (wrong_commit_after_yield, 0),
    ],
)
def test_what_is_committed_when_the_client_gets_the_response(
    database: Database, module: ModuleType, committed: int
) -> None:
    database.create_tables(module.Base.metadata)
    spy = Spy(module.app, lambda: stored(database))
    with TestClient(spy) as client:
        assert client.post("/orders", json={"number": "A-1"}).status_code == 201
    assert spy.seen == [committed]
    assert stored(database) == 1


@pytest.mark.parametrize(
    ("module", "status"),
    [
        (session_per_request, 409),
        (sync_session, 500),
        (commit_before_response, 500),
        (wrong_commit_after_yield, 201),
    ],
)
def test_the_status_when_the_commit_fails(
    database: Database, module: ModuleType, status: int
) -> None:
    with_one_order(module, database)
    with TestClient(module.app, raise_server_exceptions=False) as client:
        assert client.post("/orders", json=TAKEN).status_code == status
        assert client.post("/orders", json={"number": "A-2"}).status_code == 201
    if status != 409:
        with TestClient(module.app) as client, pytest.raises(IntegrityError):
            client.post("/orders", json=TAKEN)
    assert stored(database) == 2


@pytest.mark.parametrize(
    "module",
    [
        session_per_request,
        session_per_task,
        loaded_with_the_order,
        commit_before_response,
    ],
)
def test_with_asyncpg_a_silent_server_holds_the_stop_for_five_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))
    assert limits_of_a_stop_beside_a_silent_server(module, monkeypatch) == [5]


def test_the_program_answers_this(database: Database, recorded: Any) -> None:
    database.create_tables(session_per_request.Base.metadata)
    lines = []
    with TestClient(session_per_request.app) as client:
        for number in ("A-1", "A-1", "A-2"):
            response = client.post("/orders", json={"number": number})
            lines.append(f"POST /orders {response.request.content.decode()}")
            lines.append(f"  {response.status_code} {response.text}")
    recorded("exchange.txt", "\n".join(lines))


@pytest.mark.parametrize("number", ["", "A\x001", "A" * 3000])
def test_a_number_that_the_column_cannot_hold_is_a_422(
    database: Database, number: str
) -> None:
    database.create_tables(session_per_request.Base.metadata)
    with TestClient(session_per_request.app) as client:
        assert client.post("/orders", json={"number": number}).status_code == 422


def test_with_one_session_for_all_a_failed_request_makes_all_later_ones_fail(
    database: Database,
) -> None:
    codes = {}
    for module in (sync_session, wrong_global_session):
        database.execute("DROP TABLE IF EXISTS orders")
        database.create_tables(module.Base.metadata)
        with TestClient(module.app, raise_server_exceptions=False) as client:
            codes[module] = [
                client.post("/orders", json={"number": number}).status_code
                for number in ("A-1", "A-1", "A-2", "A-3")
            ]
    assert codes[sync_session] == [201, 500, 201, 201]
    assert codes[wrong_global_session] == [201, 500, 500, 500]
    with TestClient(wrong_global_session.app) as client:
        with pytest.raises(IntegrityError):
            client.post("/orders", json=TAKEN)
        with pytest.raises(PendingRollbackError):
            client.post("/orders", json={"number": "A-4"})


@pytest.mark.parametrize(
    ("module", "rows"), [(sync_session, 0), (wrong_global_session, 1)]
)
def test_with_one_session_for_all_a_request_commits_what_another_one_gave_up(
    database: Database, module: ModuleType, rows: int
) -> None:
    app = application(module)

    @app.post("/refused")
    def refused(session: module.SessionDep) -> None:  # type: ignore[name-defined]
        session.add(module.Order(number="A-1"))
        raise HTTPException(400)

    @app.post("/other")
    def other(session: module.SessionDep) -> None:  # type: ignore[name-defined]
        session.commit()

    database.create_tables(module.Base.metadata)
    with TestClient(app) as client:
        assert client.post("/refused").status_code == 400
        assert client.post("/other").status_code == 200
    assert stored(database) == rows


def test_an_exception_that_the_dependency_does_not_raise_again_is_another_500(
    database: Database,
) -> None:
    app = application(session_per_request)

    async def swallow(
        session: session_per_request.SessionDep,
    ) -> AsyncIterator[AsyncSession]:
        try:
            yield session
        except Exception:
            await session.rollback()

    @app.get("/")
    async def read(session: Annotated[AsyncSession, Depends(swallow)]) -> None:
        raise HTTPException(400)

    with TestClient(app) as client, pytest.raises(FastAPIError, match="not awaited"):
        client.get("/")


def test_after_the_session_an_expired_object_cannot_be_read(
    database: Database,
) -> None:
    database.create_tables(sync_session.Base.metadata)
    engine = create_engine(database.url())
    with Session(engine) as session:
        order = sync_session.Order(number="A-1")
        session.add(order)
        session.commit()
        assert order.number == "A-1"
        session.commit()
    with pytest.raises(DetachedInstanceError):
        _ = order.number
    engine.dispose()


@pytest.mark.parametrize("module", [loaded_with_the_order, wrong_lazy_loading])
def test_an_unknown_order_is_a_404_and_one_beyond_the_column_a_422(
    database: Database, module: ModuleType
) -> None:
    with_one_order(module, database)
    with TestClient(module.app) as client:
        assert client.get("/orders/999").status_code == 404
        for number in (2**31, -(2**31) - 1):
            assert client.get(f"/orders/{number}").status_code == 422


def application(module: ModuleType) -> FastAPI:
    """Return an application with the lifespan, the session and the tables of ``module``."""
    return FastAPI(lifespan=module.lifespan)


def add_order(session: AsyncSession) -> None:
    session.add(session_per_request.Order(number="A-1"))


def test_what_the_path_operation_did_not_commit_is_rolled_back(
    database: Database,
) -> None:
    app = application(session_per_request)

    @app.get("/returns")
    async def returns(session: session_per_request.SessionDep) -> None:
        add_order(session)
        await session.flush()

    @app.get("/raises")
    async def raises(session: session_per_request.SessionDep) -> None:
        await returns(session)
        raise HTTPException(400)

    database.create_tables(session_per_request.Base.metadata)
    with TestClient(app) as client:
        assert client.get("/returns").status_code == 200
        assert client.get("/raises").status_code == 400
    assert stored(database) == 0


@pytest.mark.parametrize("module", [commit_before_response, wrong_commit_after_yield])
def test_a_committing_dependency_rolls_back_what_is_raised_and_commits_what_is_returned(
    database: Database, module: ModuleType
) -> None:
    app = application(module)

    @app.get("/raises")
    async def raises(session: module.SessionDep) -> None:  # type: ignore[name-defined]
        session.add(module.Order(number="A-1"))
        raise HTTPException(400)

    @app.get("/returns")
    async def returns(session: module.SessionDep) -> Any:  # type: ignore[name-defined]
        session.add(module.Order(number="A-1"))
        return JSONResponse({"detail": "no"}, 400)

    database.create_tables(module.Base.metadata)
    with TestClient(app) as client:
        assert client.get("/raises").status_code == 400
        assert stored(database) == 0
        assert client.get("/returns").status_code == 400
        assert stored(database) == 1


def test_all_dependencies_of_a_request_get_the_same_session(database: Database) -> None:
    app = application(session_per_request)

    async def user(session: session_per_request.SessionDep) -> AsyncSession:
        return session

    @app.get("/")
    async def read(
        session: session_per_request.SessionDep,
        of_user: Annotated[AsyncSession, Depends(user)],
    ) -> bool:
        return session is of_user

    with TestClient(app) as client:
        assert client.get("/").json() is True


def test_two_scopes_in_one_request_give_two_sessions(database: Database) -> None:
    app = application(session_per_request)
    get_session = session_per_request.get_session

    @app.get("/")
    async def read(
        one: Annotated[AsyncSession, Depends(get_session)],
        two: Annotated[AsyncSession, Depends(get_session, scope="function")],
    ) -> bool:
        return one is two

    with TestClient(app) as client:
        assert client.get("/").json() is False


def test_a_yield_dependency_of_the_request_scope_cannot_use_one_of_the_function_scope() -> (
    None
):
    app = FastAPI()

    async def user(
        session: commit_before_response.SessionDep,
    ) -> AsyncIterator[None]:
        yield

    with pytest.raises(DependencyScopeError):

        @app.get("/")
        async def read(of_user: Annotated[None, Depends(user)]) -> None: ...


def test_a_background_task_can_still_use_the_session_of_the_request(
    database: Database,
) -> None:
    app = application(session_per_request)

    @app.post("/", status_code=202)
    async def accept(
        session: session_per_request.SessionDep, tasks: BackgroundTasks
    ) -> None:
        async def work() -> None:
            add_order(session)
            await session.commit()

        tasks.add_task(work)

    database.create_tables(session_per_request.Base.metadata)
    with TestClient(app) as client:
        assert client.post("/").status_code == 202
    assert stored(database) == 1


def test_what_uses_a_session_of_the_function_scope_later_opens_one_that_nobody_closes(
    database: Database,
) -> None:
    app = application(commit_before_response)

    async def scenario() -> None:
        sessions = []

        @app.post("/", status_code=202)
        async def accept(
            session: commit_before_response.SessionDep, tasks: BackgroundTasks
        ) -> None:
            sessions.append(session)
            tasks.add_task(session.execute, text("SELECT 1"))

        async with client_of(app) as client:
            assert (await client.post("/")).status_code == 202
            assert database.connections("state = 'idle in transaction'") == 1
            await sessions[0].close()

    asyncio.run(scenario())


def websocket_application(get_session: Callable[..., Any]) -> FastAPI:
    app = application(session_per_request)

    @app.websocket("/ws")
    async def ws(
        websocket: WebSocket, session: Annotated[AsyncSession, Depends(get_session)]
    ) -> None:
        await websocket.accept()
        await websocket.send_json(await session.scalar(text("SELECT 1")))

    return app


def test_a_websocket_endpoint_cannot_use_a_dependency_that_asks_for_the_request(
    database: Database,
) -> None:
    app = websocket_application(session_per_request.get_session)
    with (
        TestClient(app) as client,
        pytest.raises(TypeError, match="missing 1 required positional argument"),
        client.websocket_connect("/ws"),
    ):
        pass


def test_it_can_use_one_that_asks_for_the_http_connection(database: Database) -> None:
    async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
        async with connection.state.sessions() as session:
            yield session

    app = websocket_application(get_session)
    with TestClient(app) as client, client.websocket_connect("/ws") as websocket:
        assert websocket.receive_json() == 1


DRIVERS = pytest.mark.parametrize(
    "drivername", ["postgresql+psycopg", "postgresql+asyncpg"]
)


def test_lazy_loading_in_the_response_model_is_a_500_with_this_error(
    database: Database, monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))
    with_one_order(wrong_lazy_loading, database)
    with TestClient(wrong_lazy_loading.app, raise_server_exceptions=False) as client:
        assert client.get("/orders/1").status_code == 500
    with (
        TestClient(wrong_lazy_loading.app) as client,
        pytest.raises(ResponseValidationError) as caught,
    ):
        client.get("/orders/1")
    [error] = caught.value.errors()
    place = ".".join(error["loc"])
    line = f"{type(caught.value).__name__}: {place}: {error['msg']}"
    recorded("lazy_loading.txt", shortened(line))


@DRIVERS
def test_the_items_that_are_loaded_with_the_order_are_in_the_response(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    with_one_order(loaded_with_the_order, database)
    database.execute("INSERT INTO items (order_id, name) VALUES (1, 'tea')")
    with TestClient(loaded_with_the_order.app) as client:
        answer = client.get("/orders/1").json()
    assert answer == {"id": 1, "items": [{"name": "tea"}]}


@pytest.mark.parametrize(("scope", "held"), [("request", 1), ("function", 0)])
def test_a_session_that_only_reads_holds_its_connection_while_the_response_is_sent(
    database: Database, scope: Any, held: int
) -> None:
    app = FastAPI(lifespan=session_per_request.lifespan)
    dependency = Depends(session_per_request.get_session, scope=scope)
    seen = []

    @app.get("/")
    async def read(session: Annotated[AsyncSession, dependency]) -> int:
        return await session.scalar(text("SELECT 1")) or 0

    async def server(scope: Any, receive: Any, send: Any) -> None:
        async def look_and_send(message: Any) -> None:
            if message["type"] == "http.response.body":
                seen.append(database.connections("state = 'idle in transaction'"))
            await send(message)

        await app(scope, receive, look_and_send)

    with TestClient(server) as client:
        assert client.get("/").json() == 1
    assert seen == [held]


def test_clients_that_do_not_read_the_order_hold_no_connection(
    database: Database,
) -> None:
    app = loaded_with_the_order.app
    with_one_order(loaded_with_the_order, database)
    assert status_beside_clients_that_do_not_read(app, "/orders/1") == 200


def test_the_items_are_loaded_where_a_dependency_has_loaded_the_order_before(
    database: Database,
) -> None:
    with_one_order(loaded_with_the_order, database)
    app = FastAPI(lifespan=loaded_with_the_order.lifespan)

    async def load_first(
        order_id: int, session: loaded_with_the_order.SessionDep
    ) -> Any:
        return await session.get(loaded_with_the_order.Order, order_id)

    @app.get("/orders/{order_id}", response_model=loaded_with_the_order.OrderOut)
    async def read(
        order_id: int,
        session: loaded_with_the_order.SessionDep,
        loaded: Annotated[Any, Depends(load_first)],
    ) -> Any:
        return await loaded_with_the_order.read(order_id, session)

    with TestClient(app) as client:
        assert client.get("/orders/1").json() == {"id": 1, "items": []}


def test_lazy_raise_reports_the_relationship_without_a_query(
    database: Database,
) -> None:
    Order = wrong_lazy_loading.Order

    async def work(session: AsyncSession) -> None:
        query = select(Order).options(raiseload(Order.items))
        order = (await session.scalars(query)).one()
        with pytest.raises(
            InvalidRequestError, match="not available due to lazy='raise'"
        ):
            _ = order.items

    with_one_order(wrong_lazy_loading, database)
    run_with_session(database, work)


async def stored_order(session: AsyncSession) -> session_per_request.Order:
    order = session_per_request.Order(number="A-1")
    session.add(order)
    await session.commit()
    return order


def run_with_session(
    database: Database,
    work: Callable[[AsyncSession], Any],
    drivername: str = "postgresql+asyncpg",
    **options: Any,
) -> None:
    async def scenario() -> None:
        engine = create_async_engine(database.url(drivername))
        try:
            async with async_sessionmaker(engine, **options)() as session:
                await work(session)
        finally:
            await engine.dispose()

    database.create_tables(session_per_request.Base.metadata)
    asyncio.run(scenario())


def test_by_default_a_commit_expires_the_object_and_its_next_use_fails(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        order = await stored_order(session)
        with pytest.raises(MissingGreenlet):
            _ = order.number

    run_with_session(database, work)


def test_without_expire_on_commit_the_object_keeps_its_values(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        assert (await stored_order(session)).number == "A-1"

    run_with_session(database, work, expire_on_commit=False)


def test_a_rollback_expires_the_objects_all_the_same(database: Database) -> None:
    async def work(session: AsyncSession) -> None:
        order = await stored_order(session)
        await session.rollback()
        assert order.number == "A-1"  # nothing was begun, so nothing was expired
        await session.execute(text("SELECT 1"))
        await session.rollback()
        with pytest.raises(MissingGreenlet):
            _ = order.number

    run_with_session(database, work, expire_on_commit=False)


def test_with_psycopg_missing_greenlet_comes_as_a_statement_error(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        order = await stored_order(session)
        with pytest.raises(StatementError, match="MissingGreenlet") as caught:
            _ = order.number
        assert not isinstance(caught.value, MissingGreenlet)

    run_with_session(database, work, "postgresql+psycopg")


def test_after_an_integrity_error_the_session_refuses_to_work_until_the_rollback(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        await stored_order(session)
        add_order(session)
        with pytest.raises(IntegrityError):
            await session.flush()
        with pytest.raises(PendingRollbackError):
            await session.execute(text("SELECT 1"))
        await session.rollback()
        await session.execute(text("SELECT 1"))

    run_with_session(database, work)


def test_inside_begin_nothing_can_follow_a_rollback_or_a_commit(
    database: Database,
) -> None:
    app = FastAPI(lifespan=commit_before_response.lifespan)

    @app.post("/{method}")
    async def end(method: str, session: commit_before_response.SessionDep) -> None:
        await session.execute(text("SELECT 1"))
        await getattr(session, method)()
        await session.execute(text("SELECT 1"))

    database.create_tables(commit_before_response.Base.metadata)
    with TestClient(app) as client:
        for method in ("rollback", "commit"):
            with pytest.raises(InvalidRequestError, match="closed transaction inside"):
                client.post(f"/{method}")


def test_after_a_failed_commit_the_session_refuses_to_work_as_well(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        await stored_order(session)
        add_order(session)
        with pytest.raises(IntegrityError):
            await session.commit()
        with pytest.raises(PendingRollbackError):
            await session.execute(text("SELECT 1"))

    run_with_session(database, work)


@DRIVERS
def test_after_another_failed_statement_postgresql_refuses_further_ones(
    database: Database, drivername: str
) -> None:
    async def work(session: AsyncSession) -> None:
        with pytest.raises(DBAPIError, match="division by zero"):
            await session.execute(text("SELECT 1 / 0"))
        with pytest.raises(DBAPIError, match="current transaction is aborted"):
            await session.execute(text("SELECT 1"))
        await session.rollback()
        await session.execute(text("SELECT 1"))

    run_with_session(database, work, drivername)


def test_a_session_of_its_own_does_not_see_what_the_request_has_not_committed(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        add_order(session)
        await session.flush()
        async with AsyncSession(session.bind) as other:
            query = select(session_per_request.Order)
            assert (await other.scalars(query)).all() == []

    run_with_session(database, work)


def test_a_savepoint_keeps_the_rest_of_the_transaction_alive(
    database: Database,
) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(session_per_request.Order(number="A-0"))
        add_order(session)
        await session.flush()
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                add_order(session)
        await session.commit()

    run_with_session(database, work)
    assert stored(database) == 2


@DRIVERS
def test_two_tasks_with_one_session_fail_while_it_connects_and_leave_a_transaction_open(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    recorded: Any,
    drivername: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(wrong_shared_session.Base.metadata)
    sessions = []
    enter = AsyncSession.__aenter__

    async def remember(session: AsyncSession) -> AsyncSession:
        sessions.append(session)
        return await enter(session)

    monkeypatch.setattr(AsyncSession, "__aenter__", remember)

    async def scenario() -> str:
        async with client_of(wrong_shared_session.app) as client:
            with pytest.raises(IllegalStateChangeError) as caught:
                await client.get("/dashboard")
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():  # the first query goes on
                    await asyncio.wait_for(task, PATIENCE)
            assert database.connections("state = 'idle in transaction'") == 1
            await sessions[0].close()
            # Now the pool has a connection, and nothing awaits while the session gets it.
            answer = await client.get("/dashboard")
            assert answer.json() == {"orders": 0, "items": 0}
        return "".join(traceback.format_exception(caught.value))

    lines = re.findall(
        r"^(?:sqlalchemy\.|During).*", asyncio.run(scenario()), re.MULTILINE
    )
    recorded("shared_session.txt", "\n".join(map(shortened, lines)))


def shortened(line: str) -> str:
    """Return a line of a traceback so that it fits the page."""
    line = re.sub(r" (\(Background|and this would).*", "", line)
    return re.sub(r"(; |: )", lambda sign: f"{sign[0].strip()}\n    ", line)


def test_with_pre_ping_two_tasks_fail_also_on_an_idle_connection(
    database: Database,
) -> None:
    async def scenario() -> list[Any]:
        engine = create_async_engine(database.url(), pool_pre_ping=True)
        async with engine.connect():
            pass
        async with AsyncSession(engine) as session:
            queries = [session.scalar(text("SELECT 1")) for _ in range(2)]
            answers = await asyncio.gather(*queries, return_exceptions=True)
        await engine.dispose()
        return answers

    first, second = asyncio.run(scenario())
    assert first == 1
    assert isinstance(second, InvalidRequestError)


@DRIVERS
def test_a_session_for_each_task_works_from_the_first_request_on(
    database: Database, monkeypatch: pytest.MonkeyPatch, drivername: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url(drivername))
    database.create_tables(session_per_task.Base.metadata)
    with TestClient(session_per_task.app) as client:
        for _ in range(2):
            assert client.get("/dashboard").json() == {"orders": 0, "items": 0}

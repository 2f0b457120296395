import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Event
from typing import Any

import httpx2
import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from snippets.conftest import client_of, until
from snippets.requests.idempotency_keys import (
    orders_once,
    wrong_check_then_store,
    wrong_key_alone,
)

KEY = "0b7e5f0c-4c1a-4f39-9d2e-6f2f0c7d9a11"
TEA, COFFEE = {"item": "tea"}, {"item": "coffee"}
PATIENCE = 30.0


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A token for each of two users."""
    found = {name: secrets.token_hex() for name in ("ada", "bob")}
    users = {sha256(token.encode()).hexdigest(): name for name, token in found.items()}
    monkeypatch.setattr(orders_once, "USERS", users)
    return found


@pytest.fixture
def engine(
    database: Any, monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str]
) -> Iterator[Engine]:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+psycopg"))
    database.create_tables(orders_once.Base.metadata)
    engine = create_engine(database.url("postgresql+psycopg"))
    yield engine
    engine.dispose()


def headers(token: str, key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key}


@pytest.fixture
def ada(engine: Engine, tokens: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(orders_once.app, headers=headers(tokens["ada"])) as client:
        yield client


def items(database: Any) -> list[Any]:
    return [row[0] for row in database.execute("SELECT item FROM orders ORDER BY id")]


def test_a_repeated_request_gets_the_first_answer_and_makes_no_second_order(
    ada: TestClient, database: Any, recorded: Any
) -> None:
    lines = []
    for key, order in [(KEY, TEA), (KEY, TEA), (KEY, COFFEE), (KEY[::-1], TEA)]:
        response = ada.post("/orders", json=order, headers={"Idempotency-Key": key})
        sent = f'Idempotency-Key: {key[:8]}…  {{"item": "{order["item"]}"}}'
        lines.append(f"POST /orders  {sent:52} {response.status_code} {response.text}")
    recorded("exchange.txt", "\n".join(lines))
    assert items(database) == ["tea", "tea"]


@pytest.mark.parametrize("address", [None, ""])
def test_without_the_address_of_the_database_it_does_not_start(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if address is not None:
        monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises((KeyError, ArgumentError)), TestClient(orders_once.app):
        pass


class Held:
    """A lock on the orders: requests stop where they store one, until it is released."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self.connection = psycopg.connect(database.url())
        self.connection.execute("LOCK TABLE orders IN EXCLUSIVE MODE")

    def wait_for(self, requests: int) -> None:
        pause = Event()
        for _ in range(int(PATIENCE / 0.01)):
            if self.database.waiting_for_locks() == requests:
                return
            pause.wait(0.01)
        pytest.fail("the requests did not arrive")

    def release(self) -> None:
        self.connection.rollback()
        self.connection.close()


@pytest.fixture
def held(engine: Engine, database: Any) -> Held:
    return Held(database)


def post(address: str, token: str, order: Any = TEA) -> httpx2.Response:
    return httpx2.post(
        f"{address}/orders", json=order, headers=headers(token), timeout=PATIENCE
    )


def test_a_connection_is_not_waited_for_forever(ada: TestClient) -> None:
    with ada.app_state["engine"].connect() as connection:
        driver: Any = connection.connection.dbapi_connection
    assert driver.info.get_parameters()["connect_timeout"] == "5"


def test_while_the_first_runs_the_second_gets_409_from_another_server(
    held: Held, serve: Any, tokens: dict[str, str], database: Any
) -> None:
    with (
        serve(orders_once.app) as (one, _),
        serve(orders_once.app) as (other, _),
        ThreadPoolExecutor() as pool,
    ):
        first: Future[httpx2.Response] = pool.submit(post, one, tokens["ada"])
        held.wait_for(1)
        second = post(other, tokens["ada"])
        assert second.status_code == 409
        assert second.headers["retry-after"] == "1"
        held.release()
        assert first.result().status_code == 201
        third = post(other, tokens["ada"])
        assert third.json() == first.result().json()
    assert items(database) == ["tea"]


def test_another_user_may_have_the_same_key_even_at_the_same_time(
    held: Held, serve: Any, tokens: dict[str, str], database: Any
) -> None:
    with serve(orders_once.app) as (address, _), ThreadPoolExecutor() as pool:
        answers = [
            pool.submit(post, address, tokens["ada"], TEA),
            pool.submit(post, address, tokens["bob"], COFFEE),
        ]
        held.wait_for(2)
        held.release()
        found = [answer.result().json()["item"] for answer in answers]
    assert found == ["tea", "coffee"]


def test_a_failure_in_between_stores_nothing_and_the_retry_works(
    ada: TestClient, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Session) -> None:
        raise ConnectionError("the power went out")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", fail)
        with pytest.raises(ConnectionError):
            ada.post("/orders", json=TEA)
    assert items(database) == []
    assert ada.post("/orders", json=TEA).status_code == 201
    assert items(database) == ["tea"]


def test_a_client_that_leaves_gets_the_answer_by_its_retry(
    held: Held, serve: Any, tokens: dict[str, str], database: Any
) -> None:
    with serve(orders_once.app) as (address, _):
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(
                f"{address}/orders",
                json=TEA,
                headers=headers(tokens["ada"]),
                timeout=httpx2.Timeout(PATIENCE, read=0.2),
            )
        held.wait_for(1)
        held.release()
        pause = Event()
        for _ in range(int(PATIENCE / 0.01)):
            answer = post(address, tokens["ada"])
            if answer.status_code != 409:
                break
            pause.wait(0.01)
        assert answer.status_code == 201
    assert items(database) == ["tea"]


@pytest.mark.parametrize("key", [None, "", "short", "x" * 65, "spaces are not in it"])
def test_a_key_that_is_missing_or_has_another_form_is_a_422(
    key: str | None, ada: TestClient
) -> None:
    del ada.headers["Idempotency-Key"]
    sent = {} if key is None else {"Idempotency-Key": key}
    response = ada.post("/orders", json=TEA, headers=sent)
    assert response.status_code == 422


def test_a_refused_body_stores_nothing(ada: TestClient, database: Any) -> None:
    assert ada.post("/orders", json={"item": ""}).status_code == 422
    assert database.execute("SELECT count(*) FROM idempotency_keys") == [(0,)]
    assert ada.post("/orders", json=TEA).status_code == 201


def locks_of_keys(engine: Engine) -> int:
    with engine.begin() as connection:
        advisory = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        return int(connection.execute(text(advisory)).scalar_one())


def test_a_stored_response_is_sent_without_the_lock(engine: Engine) -> None:
    new = orders_once.NewOrder.model_validate(TEA)
    for _ in range(2):
        answer = orders_once.create_order(new, KEY, "ada", engine)
        assert (answer.status_code, locks_of_keys(engine)) == (201, 0)


@pytest.mark.parametrize("table", ["orders", "idempotency_keys"])
def test_a_request_that_is_cancelled_frees_the_key(
    engine: Engine, tokens: dict[str, str], database: Any, table: str
) -> None:
    order: Any = {"url": "/orders", "headers": headers(tokens["ada"])}

    async def cancel() -> int:
        async with client_of(orders_once.app) as client:
            with database.connect() as other, other.transaction():
                other.execute(f"LOCK TABLE {table} IN SHARE MODE")
                first = asyncio.create_task(client.post(**order, json=TEA))
                await until(lambda: database.waiting_for_locks() == 1)
                first.cancel()
                await asyncio.wait([first], timeout=0.2)
            await asyncio.wait([first])
            await until(lambda: locks_of_keys(engine) == 0)
            return (await client.post(**order, json=TEA)).status_code

    assert asyncio.run(cancel()) == 201
    assert items(database) == ["tea"]


def test_an_unknown_token_is_a_401(ada: TestClient) -> None:
    unknown = headers(secrets.token_hex())
    assert ada.post("/orders", json=TEA, headers=unknown).status_code == 401


def test_a_body_with_other_blanks_is_the_same_request(ada: TestClient) -> None:
    first = ada.post("/orders", json=TEA)
    content = b'{ "item" :   "tea" }'
    again = ada.post(
        "/orders", content=content, headers={"Content-Type": "application/json"}
    )
    assert (again.status_code, again.text) == (201, first.text)


def test_a_field_that_a_release_adds_makes_another_fingerprint() -> None:
    class Newer(orders_once.NewOrder):
        gift: bool = False

    older = orders_once.NewOrder.model_validate(TEA)
    assert Newer.model_validate(TEA).model_dump_json() != older.model_dump_json()


def test_an_expired_key_starts_again(
    ada: TestClient, database: Any, engine: Engine
) -> None:
    ada.post("/orders", json=TEA)
    with Session(engine) as session:
        orders_once.delete_expired(session)
        assert len(session.scalars(select(orders_once.Stored)).all()) == 1
        orders_once.delete_expired(session, timedelta(0))
        assert session.scalars(select(orders_once.Stored)).all() == []
    assert ada.post("/orders", json=TEA).status_code == 201
    assert items(database) == ["tea", "tea"]


def test_checked_and_then_stored_two_at_once_make_two_orders(
    held: Held, serve: Any, tokens: dict[str, str], database: Any
) -> None:
    with (
        serve(wrong_check_then_store.app) as (address, _),
        ThreadPoolExecutor() as pool,
    ):
        answers = [pool.submit(post, address, tokens["ada"]) for _ in range(2)]
        held.wait_for(2)
        held.release()
        found = sorted(answer.result().status_code for answer in answers)
    assert found == [201, 500]
    assert items(database) == ["tea", "tea"]


def test_a_key_alone_gives_one_user_the_answer_of_another(engine: Engine) -> None:
    table = wrong_key_alone.Stored
    with Session(engine) as session:
        session.execute(text("DROP TABLE idempotency_keys"))
        session.commit()
        wrong_key_alone.Base.metadata.create_all(engine)
        session.execute(insert(table).values(key=KEY, body="the order of ada"))
        stored = session.get(table, KEY)
        assert stored is not None
        assert stored.body == "the order of ada"


def test_the_lock_ends_with_the_transaction(database: Any, engine: Engine) -> None:
    ask = text("SELECT pg_try_advisory_xact_lock(1)")
    with Session(engine) as first, Session(engine) as second:
        assert first.scalar(ask) is True
        assert second.scalar(ask) is False
        first.rollback()
        assert second.scalar(ask) is True


def test_the_lock_of_a_connection_that_breaks_is_free(
    engine: Engine, database: Any
) -> None:
    """The connection of a process that dies is closed, and its lock with it."""
    other = create_engine(engine.url)
    with Session(other) as dying, Session(engine) as session:
        assert dying.scalar(text("SELECT pg_try_advisory_xact_lock(7)")) is True
        (pid,) = dying.execute(text("SELECT pg_backend_pid()")).one()
        database.execute(f"SELECT pg_terminate_backend({pid}, 10000)")
        assert session.scalar(text("SELECT pg_try_advisory_xact_lock(7)")) is True
        dying.invalidate()
    other.dispose()

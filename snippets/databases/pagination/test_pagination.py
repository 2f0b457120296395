import asyncio
import gc
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from types import ModuleType
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError
from sqlalchemy import Select, create_engine, select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from snippets.conftest import Database
from snippets.databases.conftest import (
    client_of,
    flood,
    status_beside_clients_that_do_not_read,
    until,
)
from snippets.databases.pagination import (
    chosen_sort,
    cursors,
    pages,
    unique_order,
    wrong_no_limit,
    wrong_order,
    wrong_sort,
)

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int


def test_a_generic_model_is_the_envelope_of_each_list() -> None:
    app = FastAPI()

    @app.get("/posts", response_model=Page[pages.PostOut])
    def posts() -> Any:
        return {
            "items": [pages.Post(id=1, title="a", created="2026-11-29")],
            "total": 1,
        }

    @app.get("/words")
    def words() -> Page[str]:
        return Page(items=["a"], total=1)

    client = TestClient(app)
    assert client.get("/posts").json()["items"][0]["title"] == "a"
    assert client.get("/words").json() == {"items": ["a"], "total": 1}


INSERT = "INSERT INTO posts (title, created) VALUES "


def insert(database: Database, *titles: str, day: int = 1) -> None:
    rows = ", ".join(f"('{title}', '2026-11-{day:02}T12:00:00Z')" for title in titles)
    database.execute(INSERT + rows)


@pytest.fixture
def numbered(database: Database) -> Iterator[TestClient]:
    database.create_tables(pages.Base.metadata)
    insert(database, "a", "b", "c", "d", "e")
    with TestClient(pages.app) as client:
        yield client


@pytest.fixture
def keyset(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("PGTZ", "UTC")  # the recorded cursors hold times
    database.create_tables(cursors.Base.metadata)
    insert(database, "a", "b", "c", "d", "e")
    with TestClient(cursors.app) as client:
        yield client


def titles(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def short(answer: Any) -> str:
    """Give an answer without the time of each post, which is the same."""
    body = answer.json()
    for item in body["items"]:
        del item["created"]
    return f"{answer.status_code} {json.dumps(body)}"


def test_limit_and_offset(numbered: TestClient, recorded: Any) -> None:
    lines = []
    for query in ("limit=2", "limit=2&offset=4", "limit=2&offset=6"):
        lines += [f"GET /posts?{query}", f"  {short(numbered.get(f'/posts?{query}'))}"]
    recorded("pages.txt", "\n".join(lines))


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=-1", "limit=x", "offset=-1", "offset=10001"],
)
def test_a_limit_or_offset_out_of_range_is_a_422(
    numbered: TestClient, query: str
) -> None:
    assert numbered.get(f"/posts?{query}").status_code == 422


def test_without_limits_all_rows_go_out_or_the_database_fails(
    database: Database,
) -> None:
    database.create_tables(wrong_no_limit.Base.metadata)
    database.execute("INSERT INTO posts SELECT generate_series(1, 500)")
    with TestClient(wrong_no_limit.app) as client:
        assert len(client.get("/posts?limit=1000000").json()) == 500
        for query in ("limit=-1", "offset=-1", f"offset={2**63}"):
            with pytest.raises(DataError):
                client.get(f"/posts?{query}")


def test_with_offset_a_new_row_repeats_one_and_a_deleted_row_hides_one(
    numbered: TestClient, database: Database
) -> None:
    assert titles(numbered.get("/posts?limit=2")) == ["e", "d"]
    insert(database, "new", day=2)
    assert titles(numbered.get("/posts?limit=2&offset=2")) == ["d", "c"]
    database.execute("DELETE FROM posts WHERE title IN ('new', 'd')")
    assert titles(numbered.get("/posts?limit=2&offset=2")) == ["b", "a"]
    database.execute("DELETE FROM posts WHERE title = 'a'")
    assert titles(numbered.get("/posts?limit=2")) == ["e", "c"]


def test_with_a_cursor_each_row_comes_once(
    keyset: TestClient, database: Database
) -> None:
    first = keyset.get("/posts?limit=2")
    assert titles(first) == ["e", "d"]
    insert(database, "new", day=2)
    database.execute("DELETE FROM posts WHERE title = 'd'")
    second = keyset.get("/posts", params={"limit": 2, "after": first.json()["next"]})
    assert titles(second) == ["c", "b"]
    third = keyset.get("/posts", params={"limit": 2, "after": second.json()["next"]})
    assert titles(third) == ["a"]
    assert third.json()["next"] is None


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York"])
def test_each_row_comes_once_in_a_zone_whose_offset_has_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("PGTZ", zone)
    database.create_tables(cursors.Base.metadata)
    times = ", ".join(f"('{s}', '1800-01-01T12:00:{s}Z')" for s in range(50, 55))
    database.execute(INSERT + times)
    found, page = list[str](), {"limit": "1"}
    with TestClient(cursors.app) as client:
        for _ in range(5):
            answer = client.get("/posts", params=page)
            found += titles(answer)
            page["after"] = answer.json()["next"] or ""
    assert found == ["54", "53", "52", "51", "50"]


def test_a_time_without_a_zone_is_refused_and_no_row_is_skipped(
    keyset: TestClient, database: Database
) -> None:
    database.execute("ALTER TABLE posts ALTER created TYPE timestamp")
    with pytest.raises(ValidationError, match="should have timezone info"):
        keyset.get("/posts?limit=2")


def test_following_the_cursor(keyset: TestClient, recorded: Any) -> None:
    lines, after = [], None
    while True:
        query = "limit=2" + (f"&after={after}" if after else "")
        answer = keyset.get(f"/posts?{query}")
        lines += [f"GET /posts?{query}", f"  {short(answer)}"]
        after = answer.json()["next"]
        if after is None:
            break
    recorded("cursors.txt", "\n".join(lines))


def test_a_full_last_page_has_no_next(keyset: TestClient) -> None:
    answer = keyset.get("/posts?limit=5")
    assert len(titles(answer)) == 5
    assert answer.json()["next"] is None


@pytest.mark.parametrize("module", [pages, cursors])
def test_more_requests_than_threads_and_connections_do_not_lock_each_other_out(
    database: Database, module: ModuleType
) -> None:
    database.create_tables(module.Base.metadata)
    insert(database, "a", "b")
    assert flood(module.app, "GET", "/posts") == {200: 100}


@pytest.mark.parametrize("module", [pages, cursors])
def test_clients_that_do_not_read_hold_no_session(
    database: Database, module: ModuleType
) -> None:
    database.create_tables(module.Base.metadata)
    insert(database, "a")
    assert status_beside_clients_that_do_not_read(module.app, "/posts") == 200


@pytest.mark.parametrize("module", [pages, cursors])
def test_requests_that_are_cancelled_give_their_connections_back(
    database: Database, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.create_tables(module.Base.metadata)
    insert(database, "a")
    engine = create_engine(database.url())
    monkeypatch.setattr(module, "create_engine", lambda address: engine)

    async def cancel() -> int:
        async with client_of(module.app) as client:
            with database.connect() as other, other.transaction():
                other.execute("LOCK TABLE posts")
                asked = [asyncio.create_task(client.get("/posts")) for _ in range(3)]
                await until(lambda: database.waiting_for_locks() == 3)
                for request in asked:
                    request.cancel()
                await asyncio.wait(asked, timeout=0.2)
            await asyncio.wait(asked)
            await until(lambda: not database.execute(IN_TRANSACTION))
            return (await client.get("/posts")).status_code

    gc.disable()  # it would end forgotten sessions at some time
    try:
        assert asyncio.run(cancel()) == 200
    finally:
        gc.enable()


IN_TRANSACTION = "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in %'"


def encoded(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


GOOD = {"created": "2026-11-01T12:00:00Z", "id": 3}


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "%00",
        "ü",
        "A" * 201,
        encoded(7),
        encoded([]),
        encoded(GOOD)[:-5],
        encoded(GOOD | {"id": -1}),
        encoded(GOOD | {"id": 2**31}),
        encoded(GOOD | {"id": "3; DROP TABLE posts"}),
        encoded(GOOD | {"id": float("nan")}),
        encoded(GOOD | {"created": "infinity"}),
        encoded(GOOD | {"created": "2026-11-01T12:00:00"}),
        encoded(GOOD | {"created": 1e300}),
        encoded(GOOD | {"created": "\ud800"}),
    ],
)
def test_a_cursor_that_does_not_fit_is_a_422(keyset: TestClient, after: str) -> None:
    assert keyset.get("/posts", params={"after": after}).status_code == 422


def test_a_cursor_with_another_id_is_another_page(keyset: TestClient) -> None:
    pages = []
    for number in (3, 2):
        after = encoded({"created": "2026-11-01T12:00:00Z", "id": number})
        pages.append(titles(keyset.get("/posts", params={"after": after})))
    assert pages == [["b", "a"], ["a"]]


@pytest.mark.parametrize(
    "created",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-01T12:00:00+23:59",
        "2026-11-01T12:00:00-23:59",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        0,
    ],
)
def test_a_cursor_at_the_ends_of_time_is_a_page(
    keyset: TestClient, created: Any
) -> None:
    cursor = encoded(GOOD | {"created": created})
    assert keyset.get("/posts", params={"after": cursor}).status_code == 200


def read(database: Database, statement: Select[Any]) -> list[Any]:
    engine = create_engine(database.url())
    with Session(engine) as session:
        rows = [row.title for row in session.scalars(statement)]
    engine.dispose()
    return rows


def test_with_equal_times_a_row_can_come_twice_and_another_never(
    database: Database,
) -> None:
    database.create_tables(wrong_order.Base.metadata)
    insert(database, "a", "b", "c", "d")
    for module, missed in ((wrong_order, True), (unique_order, False)):
        found = read(database, module.page(2, 0))
        database.execute(f"UPDATE posts SET title = title WHERE title = '{found[0]}'")
        found += read(database, module.page(2, 2))
        assert (sorted(found) != ["a", "b", "c", "d"]) is missed


def test_sql_from_outside_in_order_by_tells_what_it_should_not(
    database: Database,
) -> None:
    database.create_tables(wrong_sort.Base.metadata)
    insert(database, "a", "b")
    database.execute(
        "CREATE TABLE secrets (word text)", "INSERT INTO secrets VALUES ('tea')"
    )
    guess = "CASE WHEN (SELECT word FROM secrets) LIKE '{}%' THEN id ELSE -id END"
    wrong = read(database, wrong_sort.sorted_posts(guess.format("x")))
    right = read(database, wrong_sort.sorted_posts(guess.format("t")))
    assert (wrong, right) == (["b", "a"], ["a", "b"])
    assert read(database, chosen_sort.sorted_posts("title")) == ["a", "b"]


def rows_read(plan: dict[str, Any]) -> list[tuple[str, int]]:
    found = [(plan["Node Type"], int(plan["Actual Rows"]))]
    for inner in plan.get("Plans", []):
        found += rows_read(inner)
    return found


def test_offset_reads_the_rows_that_it_skips_and_a_cursor_does_not(
    database: Database, recorded: Any
) -> None:
    database.create_tables(cursors.Base.metadata)
    database.execute(
        "INSERT INTO posts (title, created) SELECT 'post', timestamptz '2026-11-01' "
        "+ n * interval '1 minute' FROM generate_series(1, 20000) n",
        "ANALYZE posts",
    )
    order = "SELECT * FROM posts {} ORDER BY created DESC, id DESC LIMIT 20 {}"
    after = (
        "WHERE (created, id) < (timestamptz '2026-11-01' + interval '10000 minutes', 1)"
    )
    lines = []
    for name, where, skip in (
        ("offset 10000", "", "OFFSET 10000"),
        ("cursor", after, ""),
    ):
        explain = "EXPLAIN (ANALYZE, FORMAT JSON) " + order.format(where, skip)
        plan = database.execute(explain)[0][0][0]["Plan"]
        kind, rows = rows_read(plan)[-1]
        lines.append(f"{name:<14}{kind}, {rows} rows")
    recorded("plans.txt", "\n".join(lines))


def test_an_id_to_continue_after_needs_a_bound(database: Database) -> None:
    database.create_tables(cursors.Base.metadata)
    engine = create_engine(database.url())
    with Session(engine) as session:
        assert session.scalar(select(cursors.Post).where(cursors.Post.id < 7)) is None
        with pytest.raises(DataError, match="out of range"):
            session.scalar(select(cursors.Post).where(cursors.Post.id < 2**31))
    engine.dispose()
    app = FastAPI()

    @app.get("/posts")
    def posts(
        after: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
    ) -> int | None:
        return after

    client = TestClient(app)
    asked = ("", "?after=7", f"?after={2**31}")
    statuses = [client.get(f"/posts{query}").status_code for query in asked]
    assert statuses == [200, 200, 422]

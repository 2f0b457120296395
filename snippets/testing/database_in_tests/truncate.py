from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, MetaData, text
from sqlalchemy.orm import Session

from snippets.testing.database_in_tests.rollback_tests import Base, app, get_session


# --8<-- [start:fixture]
# Base, app, get_session and the fixture engine are those above
def truncate(engine: Engine, metadata: MetaData) -> None:
    assert str(engine.url.database).endswith("_test"), "not a database for tests"
    quote = engine.dialect.identifier_preparer.format_table
    tables = ", ".join(quote(table) for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


@pytest.fixture
def committing_client(engine: Engine) -> Iterator[TestClient]:
    def override() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    truncate(engine, Base.metadata)
    app.dependency_overrides[get_session] = override
    try:
        with TestClient(app) as client:
            yield client
    finally:
        del app.dependency_overrides[get_session]
        truncate(engine, Base.metadata)


# --8<-- [end:fixture]

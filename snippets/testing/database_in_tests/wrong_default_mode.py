from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session


# --8<-- [start:check]
@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    with Session(bind=connection) as session:
        yield session


# --8<-- [end:check]

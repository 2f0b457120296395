# --8<-- [start:engine]
import os

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

engine = create_async_engine(
    os.environ["DATABASE_URL"],
    poolclass=NullPool if "PYTEST_VERSION" in os.environ else None,
)


# --8<-- [end:engine]

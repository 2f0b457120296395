import os

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool


# --8<-- [start:engine]
def unnamed() -> str:
    return ""


def create_engine() -> AsyncEngine:
    return create_async_engine(
        os.environ["DATABASE_URL"],  # postgresql+asyncpg://…
        poolclass=NullPool,
        connect_args={
            "prepared_statement_name_func": unnamed,
            "prepared_statement_cache_size": 0,
            "statement_cache_size": 0,
        },
    )


# --8<-- [end:engine]

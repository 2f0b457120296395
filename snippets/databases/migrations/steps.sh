#!/bin/sh
# --8<-- [start:init]
pip install alembic "sqlalchemy[asyncio]" "psycopg[binary]"
alembic init -t async migrations
# --8<-- [end:init]
# --8<-- [start:revision]
alembic revision --autogenerate -m "create orders"
# --8<-- [end:revision]
# --8<-- [start:upgrade]
alembic upgrade head
# --8<-- [end:upgrade]

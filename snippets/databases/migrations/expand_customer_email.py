import sqlalchemy as sa
from alembic import op


# --8<-- [start:upgrade]
def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "orders",
        sa.Column("customer_email", sa.Text, nullable=True),
    )


# --8<-- [end:upgrade]

import sqlalchemy as sa
from alembic import op


# --8<-- [start:upgrade]
def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column("status", sa.Text, nullable=False),
    )


# --8<-- [end:upgrade]

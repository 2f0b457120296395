import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


# --8<-- [start:upgrade]
def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "orders",
        sa.Column(
            "status",
            sa.Text,
            nullable=False,
            server_default="new",
        ),
    )


# --8<-- [end:upgrade]
def downgrade() -> None:
    op.drop_column("orders", "status")

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


# --8<-- [start:upgrade]
def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
    )


# --8<-- [end:upgrade]
def downgrade() -> None:
    op.drop_table("orders")

from alembic import op

revision = "0003"
down_revision = "0002"


# --8<-- [start:upgrade]
def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "orders_customer_idx",
            "orders",
            ["customer"],
            postgresql_concurrently=True,
        )


# --8<-- [end:upgrade]
def downgrade() -> None:
    op.drop_index("orders_customer_idx")

from alembic import op


# --8<-- [start:upgrade]
def upgrade() -> None:
    op.alter_column(
        "orders",
        "customer",
        new_column_name="customer_email",
    )


# --8<-- [end:upgrade]

from alembic import op


# --8<-- [start:upgrade]
def upgrade() -> None:
    op.create_index("orders_customer_idx", "orders", ["customer"])


# --8<-- [end:upgrade]

# --8<-- [start:fixture]
from sqlalchemy import Engine, MetaData, text


def truncate(engine: Engine, metadata: MetaData) -> None:
    quote = engine.dialect.identifier_preparer.format_table
    tables = ", ".join(quote(table) for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


# --8<-- [end:fixture]

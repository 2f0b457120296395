from sqlalchemy import Connection, text


# --8<-- [start:query]
def notes_of(db: Connection, owner: str) -> list[str]:
    query = text("""
        SELECT note FROM invoices
        WHERE owner = :owner
    """)
    values = {"owner": owner}
    return list(db.scalars(query, values))


# --8<-- [end:query]

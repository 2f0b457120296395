from sqlalchemy import Connection, text


# --8<-- [start:query]
def notes_of(db: Connection, owner: str) -> list[str]:
    query = text("""
        SELECT note FROM invoices
        WHERE owner = :owner
    """)
    return list(db.scalars(query, {"owner": owner}))


# --8<-- [end:query]

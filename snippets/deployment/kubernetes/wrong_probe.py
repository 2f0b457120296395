from typing import Annotated

from fastapi import Depends, FastAPI


class Database:
    def ping(self) -> None:
        """Run SELECT 1 on a connection of the pool."""


def get_database() -> Database:
    return Database()


Db = Annotated[Database, Depends(get_database)]
app = FastAPI()


# --8<-- [start:liveness]
@app.get("/livez")
def livez(database: Db) -> dict[str, str]:
    database.ping()
    return {"status": "ok"}


# --8<-- [end:liveness]

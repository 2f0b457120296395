import os
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlmodel import Session, create_engine, text

app = FastAPI()


# --8<-- [start:session]
def get_session() -> Iterator[Session]:
    engine = create_engine(os.environ["DATABASE_URL"])
    with Session(engine) as session:
        yield session


# --8<-- [end:session]
@app.get("/clock")
def clock(session: Annotated[Session, Depends(get_session)]) -> str:
    return str(session.scalar(text("SELECT now()")))

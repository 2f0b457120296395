# --8<-- [start:program]
import os
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Response

DATABASE = os.environ.get("DATABASE", "jobs.db")


def get_db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(DATABASE, check_same_thread=False)) as db:
        yield db


Database = Annotated[sqlite3.Connection, Depends(get_db)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with closing(sqlite3.connect(DATABASE)) as db:
        db.execute("CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, status TEXT)")
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/reports", status_code=202)
def start_report(db: Database, request: Request, response: Response) -> dict[str, str]:
    job_id = uuid.uuid4().hex
    with db:  # commits before the response
        db.execute("INSERT INTO jobs VALUES (?, 'queued')", (job_id,))
    root = request.scope.get("root_path", "")  # a prefix that a proxy removes
    response.headers["Location"] = f"{root}/reports/{job_id}"
    return {"id": job_id, "status": "queued"}


@app.get("/reports/{job_id}")
def report_status(job_id: str, db: Database) -> dict[str, str]:
    query = "SELECT id, status FROM jobs WHERE id = ?"
    row = db.execute(query, (job_id,)).fetchone()
    if row is None:
        raise HTTPException(404, "Unknown report")
    return {"id": row[0], "status": row[1]}


# --8<-- [end:program]

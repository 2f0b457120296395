# --8<-- [start:program]
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Request, Response

DATABASE = "jobs.db"  # SQLite stands for your database


def connect() -> closing[sqlite3.Connection]:
    # used and closed by one thread, which waits up to 30 s for a lock
    return closing(sqlite3.connect(DATABASE, timeout=30))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with connect() as db:
        db.execute("CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, status TEXT)")
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/reports", status_code=202)
def start_report(request: Request, response: Response) -> dict[str, str]:
    job_id = uuid.uuid4().hex
    with connect() as db, db:  # commits before the response
        db.execute("INSERT INTO jobs VALUES (?, 'queued')", (job_id,))
    root = request.scope.get("root_path", "")  # a prefix that a proxy removes
    response.headers["Location"] = f"{root}/reports/{job_id}"
    return {"id": job_id, "status": "queued"}


@app.get("/reports/{job_id}")
def report_status(
    job_id: Annotated[str, Path(pattern=r"^\w+$")],
) -> dict[str, str]:
    query = "SELECT id, status FROM jobs WHERE id = ?"
    with connect() as db:
        row = db.execute(query, (job_id,)).fetchone()
    if row is None:
        raise HTTPException(404, "Unknown report")
    return {"id": row[0], "status": row[1]}


# --8<-- [end:program]

import uuid
from typing import Annotated, Literal, Protocol

from fastapi import Depends, FastAPI, HTTPException, Response
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:queue]
class Job(BaseModel):
    id: str
    status: Literal["queued", "running", "done", "failed"] = "queued"


class Queue(Protocol):
    async def put(self, job: Job) -> None: ...  # returns when it is stored
    async def find(self, job_id: str) -> Job | None: ...


# --8<-- [end:queue]
class MemoryQueue:
    """Stands for the client of a task queue; a restart loses the jobs."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    async def put(self, job: Job) -> None:
        self.jobs[job.id] = job

    async def find(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)


queue = MemoryQueue()


def get_queue() -> Queue:
    return queue


# --8<-- [start:endpoints]
JobQueue = Annotated[Queue, Depends(get_queue)]


@app.post("/reports", status_code=202)
async def start_report(queue: JobQueue, response: Response) -> Job:
    job = Job(id=uuid.uuid4().hex)
    await queue.put(job)
    response.headers["Location"] = f"/reports/{job.id}"
    return job


@app.get("/reports/{job_id}")
async def report_status(job_id: str, queue: JobQueue) -> Job:
    if (job := await queue.find(job_id)) is None:
        raise HTTPException(404)
    return job


# --8<-- [end:endpoints]

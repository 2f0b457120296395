# --8<-- [start:program]
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()


def write_audit(user: str) -> None:
    print(f"audit of {user}")


class Audit:
    def __init__(self, background_tasks: BackgroundTasks) -> None:
        self.background_tasks = background_tasks

    def later(self, user: str) -> None:
        self.background_tasks.add_task(write_audit, user)


@app.delete("/users/{user}", status_code=204)
async def delete_user(user: str, audit: Annotated[Audit, Depends()]) -> None:
    audit.later(user)


# --8<-- [end:program]

from fastapi import BackgroundTasks, FastAPI, HTTPException

app = FastAPI()
events: list[str] = []


def write_audit(user: str) -> None:
    events.append(f"failed login of {user}")


# --8<-- [start:endpoint]
@app.post("/login/{user}")
async def login(user: str, background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(write_audit, user)  # is lost
    raise HTTPException(401)


# --8<-- [end:endpoint]

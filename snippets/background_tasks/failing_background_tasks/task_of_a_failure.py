from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()
events: list[str] = []


def write_audit(user: str) -> None:
    events.append(f"failed login of {user}")


# --8<-- [start:endpoint]
@app.post("/login/{user}")
async def login(user: str, background_tasks: BackgroundTasks) -> JSONResponse:
    background_tasks.add_task(write_audit, user)
    return JSONResponse({"detail": "Unauthorized"}, status_code=401)


# --8<-- [end:endpoint]

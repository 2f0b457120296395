from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

app = FastAPI()
log: list[str] = []


def send_email() -> None:
    log.append("email")


def write_audit() -> None:
    log.append("audit")


# --8<-- [start:response]
@app.post("/users")
async def create_user(background_tasks: BackgroundTasks) -> JSONResponse:
    background_tasks.add_task(send_email)  # is dropped
    return JSONResponse({"created": True}, background=BackgroundTask(write_audit))


# --8<-- [end:response]

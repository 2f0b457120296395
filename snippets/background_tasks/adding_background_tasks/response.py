from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()
log: list[str] = []


def send_email() -> None:
    log.append("email")


def write_audit() -> None:
    log.append("audit")


# --8<-- [start:response]
@app.post("/users")
async def create_user(background_tasks: BackgroundTasks) -> JSONResponse:
    background_tasks.add_task(send_email)
    background_tasks.add_task(write_audit)
    return JSONResponse({"created": True})


# --8<-- [end:response]

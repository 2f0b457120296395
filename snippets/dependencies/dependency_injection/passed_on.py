from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()
sent: list[str] = []


class Settings(BaseModel):
    sender: str = "shop@example.org"


def get_settings() -> Settings:
    return Settings()


# --8<-- [start:helper]
def footer(settings: Settings) -> str:
    return f"Sent by {settings.sender}"


@app.get("/footer")
def read_footer(
    settings: Annotated[
        Settings,
        Depends(get_settings),
    ],
) -> str:
    return footer(settings)


# --8<-- [end:helper]
# --8<-- [start:task]
def send_report(settings: Settings) -> None:
    sent.append(f"Report by {settings.sender}")


@app.post("/reports")
def report(
    tasks: BackgroundTasks,
    settings: Annotated[Settings, Depends(get_settings)],
) -> None:
    tasks.add_task(send_report, settings)


# --8<-- [end:task]

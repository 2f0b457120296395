# --8<-- [start:endpoint]
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

app = FastAPI()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    newsletter: bool = True


@app.put("/settings")
async def save(settings: Settings) -> Settings:
    return settings


# --8<-- [end:endpoint]

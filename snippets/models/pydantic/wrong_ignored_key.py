# --8<-- [start:endpoint]
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Settings(BaseModel):
    newsletter: bool = True


@app.put("/settings")
async def save(settings: Settings) -> Settings:
    return settings


# --8<-- [end:endpoint]

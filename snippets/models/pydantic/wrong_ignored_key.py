from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Settings(BaseModel):
    newsletter: bool = True


@app.put("/settings")
async def save(settings: Settings) -> Settings:
    return settings


# --8<-- [end:endpoint]

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from fastapi import FastAPI

config = Config()
config.set_main_option("script_location", str(Path(__file__).parent))


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    command.upgrade(config, "head")
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lifespan]

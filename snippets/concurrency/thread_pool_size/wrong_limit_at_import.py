# --8<-- [start:import]
import anyio.to_thread
from fastapi import FastAPI

limiter = anyio.to_thread.current_default_thread_limiter()
limiter.total_tokens = 100

app = FastAPI()
# --8<-- [end:import]

from fastapi import FastAPI

# --8<-- [start:format]
from uvicorn.config import LOGGING_CONFIG

access = LOGGING_CONFIG["formatters"]["access"]
access["fmt"] = "%(asctime)s %(message)s"
# --8<-- [end:format]

app = FastAPI()

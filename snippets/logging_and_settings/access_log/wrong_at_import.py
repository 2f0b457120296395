import logging

from fastapi import FastAPI

# --8<-- [start:line]
logging.getLogger("uvicorn.access").setLevel("WARNING")
app = FastAPI()
# --8<-- [end:line]

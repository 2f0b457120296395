# --8<-- [start:application]
from fastapi import FastAPI

app = FastAPI(docs_url=None, redoc_url=None)
# --8<-- [end:application]

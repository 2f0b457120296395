from fastapi import FastAPI

# --8<-- [start:application]
app = FastAPI(docs_url=None, redoc_url=None)
# --8<-- [end:application]

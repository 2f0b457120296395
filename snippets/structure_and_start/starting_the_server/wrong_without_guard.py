import uvicorn
from fastapi import FastAPI

# --8<-- [start:start]
app = FastAPI()

uvicorn.run(app, port=8000)
# --8<-- [end:start]

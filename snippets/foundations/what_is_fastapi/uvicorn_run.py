# --8<-- [start:run]
import uvicorn
from fastapi import FastAPI

app = FastAPI()

if __name__ == "__main__":
    uvicorn.run(app, port=8000)
# --8<-- [end:run]

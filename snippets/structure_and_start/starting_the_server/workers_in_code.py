import uvicorn
from fastapi import FastAPI

# --8<-- [start:start]
app = FastAPI()

if __name__ == "__main__":
    uvicorn.run("main:app", workers=4)
# --8<-- [end:start]

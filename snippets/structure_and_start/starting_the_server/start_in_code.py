# --8<-- [start:program]
import uvicorn

if __name__ == "__main__":
    uvicorn.run("main:app", port=8000)
# --8<-- [end:program]

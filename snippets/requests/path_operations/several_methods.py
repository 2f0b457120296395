from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:methods]
@app.get("/health")
@app.head("/health")
async def health() -> str:
    return "ok"


# --8<-- [end:methods]

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:health]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


# --8<-- [end:health]

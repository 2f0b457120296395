from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:health]
@app.head("/health", include_in_schema=False)
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


# --8<-- [end:health]

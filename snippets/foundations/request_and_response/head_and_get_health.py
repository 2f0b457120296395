# --8<-- [start:health]
from fastapi import FastAPI

app = FastAPI()


@app.head("/health", include_in_schema=False)
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


# --8<-- [end:health]

from fastapi import FastAPI

from snippets.concurrency.cpu_bound_work.model import score

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/score")
async def read_score(text: str) -> float:
    return score(text)  # on the loop


# --8<-- [end:endpoint]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

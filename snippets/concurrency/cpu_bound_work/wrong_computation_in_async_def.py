from fastapi import FastAPI

app = FastAPI()


def score(text: str) -> float:
    return float(len(text))  # stands for seconds of computing


# --8<-- [start:endpoint]
@app.get("/score")
async def read_score(text: str) -> float:
    return score(text)  # on the loop


# --8<-- [end:endpoint]
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

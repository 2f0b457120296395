from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
scores: dict[str, float] = {}


def score(text: str) -> float:
    return float(len(text))  # stands for seconds of computing


# --8<-- [start:task]
async def store_score(text: str) -> None:
    scores[text] = score(text)  # on the loop


@app.post("/scores", status_code=202)
async def start(
    text: str,
    tasks: BackgroundTasks,
) -> None:
    tasks.add_task(store_score, text)


# --8<-- [end:task]


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

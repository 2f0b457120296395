import asyncio
from functools import cache

from anyio import CapacityLimiter, to_process
from fastapi import FastAPI, HTTPException

app = FastAPI()


@cache
def load_model() -> dict[str, float]:
    return {"good": 1.0, "bad": -1.0}  # stands for joblib.load …


def score(text: str) -> float:
    weights = load_model()
    return sum(weights.get(word, 0.0) for word in text.split())


# --8<-- [start:endpoint]
TIMEOUT = 60.0  # far above the time that load_model() takes
places = CapacityLimiter(2)  # processes, at most as many as cores


@app.get("/score")
async def read_score(text: str) -> float:
    if places.available_tokens < 1:
        raise HTTPException(503, "Busy", headers={"Retry-After": "5"})
    try:
        async with asyncio.timeout(TIMEOUT):
            return await to_process.run_sync(
                score, text, cancellable=True, limiter=places
            )
    except TimeoutError:
        raise HTTPException(504, "The computation took too long") from None


# --8<-- [end:endpoint]

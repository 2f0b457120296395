from multiprocessing import Pool

from fastapi import FastAPI

app = FastAPI()


def score(text: str) -> float:
    return float(len(text))  # stands for seconds of computing


# --8<-- [start:endpoint]
@app.get("/score")
async def read_score(text: str) -> float:
    with Pool() as pool:  # new processes
        return pool.apply(score, (text,))


# --8<-- [end:endpoint]

from multiprocessing import Pool

from fastapi import FastAPI

from snippets.concurrency.cpu_bound_work.model import score

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/score")
async def read_score(text: str) -> float:
    with Pool() as pool:  # new processes
        return pool.apply(score, (text,))  # blocks


# --8<-- [end:endpoint]

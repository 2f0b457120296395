from collections import defaultdict

from fastapi import FastAPI, HTTPException, Request

app = FastAPI()
# --8<-- [start:count]
requests: dict[str, int] = defaultdict(int)


@app.get("/search")
async def search(request: Request) -> str:
    host = request.client.host if request.client else ""
    requests[host] += 1
    if requests[host] > 3:
        raise HTTPException(429)
    return "results"
    # --8<-- [end:count]

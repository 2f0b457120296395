from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

app = FastAPI()
mails: list[str] = []


# --8<-- [start:app]
@app.post("/orders", status_code=201)
async def create_order(number: int, tasks: BackgroundTasks) -> dict[str, int]:
    if number == 0:
        raise HTTPException(status_code=409, detail="the shop is closed")
    tasks.add_task(mails.append, f"order {number}")
    return {"number": number}


@app.get("/share/{total}")
async def share(total: int) -> float:
    return 100 / total


# --8<-- [end:app]
@app.get("/host")
async def host(request: Request) -> str | None:
    return request.client.host if request.client else None

# --8<-- [start:program]
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"])


@app.get("/items")
async def items() -> list[str]:
    return ["tea"]


# --8<-- [end:program]

# --8<-- [start:app]
from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

app = FastAPI()
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example.com"])
# --8<-- [end:app]


@app.get("/items/")
async def items() -> list[str]:
    return []

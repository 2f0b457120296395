from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

# --8<-- [start:app]
app = FastAPI()
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example.com"])
# --8<-- [end:app]


@app.get("/items/")
async def items() -> list[str]:
    return []

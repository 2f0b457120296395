from fastapi import FastAPI
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware

# --8<-- [start:app]
app = FastAPI()
app.add_middleware(HTTPSRedirectMiddleware)
# --8<-- [end:app]


@app.get("/items/")
async def items() -> list[str]:
    return []

# --8<-- [start:app]
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/items/")
async def items(request: Request) -> dict[str, str]:
    return {
        "client": request.client.host if request.client else "",
        "link": str(request.url_for("items")),
    }


# --8<-- [end:app]

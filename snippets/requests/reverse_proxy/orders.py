# --8<-- [start:program]
from typing import Any

from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.post("/orders", status_code=201)
def create_order(
    order: dict[str, int], request: Request, response: Response
) -> dict[str, Any]:
    response.set_cookie("session", "s1")
    response.set_cookie("theme", "dark")
    return {
        "order": order,
        "url": str(request.url),
        "client": request.client and request.client.host,
    }


# --8<-- [end:program]

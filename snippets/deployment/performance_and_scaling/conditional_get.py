import hashlib
from typing import Annotated

from fastapi import FastAPI, Header, Response

app = FastAPI()
PRICES = b'{"tea": 3.5, "coffee": 4.0}'


# --8<-- [start:endpoint]
@app.get("/prices")
async def prices(
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    etag = f'"{hashlib.sha256(PRICES).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    known = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(PRICES, headers=headers, media_type="application/json")


# --8<-- [end:endpoint]

# --8<-- [start:program]
from hashlib import sha256
from typing import Annotated

from fastapi import FastAPI, Header, Response

app = FastAPI()
PRICES = b'{"tea": 3, "coffee": 4}'


@app.get("/prices")
async def read_prices(
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    etag = f'"{sha256(PRICES).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    known = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    if etag in known:
        return Response(status_code=304, headers=headers)
    return Response(PRICES, media_type="application/json", headers=headers)


# --8<-- [end:program]

import hashlib

from starlette.types import Receive, Scope, Send


# --8<-- [start:digest]
async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    message = await receive()
    digest = hashlib.sha256(message["body"])
    # --8<-- [end:digest]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": digest.hexdigest().encode()})

import hashlib

from starlette.types import Receive, Scope, Send


# --8<-- [start:digest]
async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    digest, more = hashlib.sha256(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        digest.update(message.get("body", b""))
        more = message.get("more_body", False)
    # --8<-- [end:digest]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": digest.hexdigest().encode()})

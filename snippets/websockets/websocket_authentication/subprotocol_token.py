from fastapi import FastAPI, WebSocket, WebSocketException

app = FastAPI()
users = {"token-of-alice": "alice"}


# --8<-- [start:endpoint]
# In the browser: new WebSocket(url, ["inbox.v1", token])
@app.websocket("/inbox")
async def inbox(websocket: WebSocket) -> None:
    match websocket.scope["subprotocols"]:
        case ["inbox.v1", token] if token in users:
            await websocket.accept(subprotocol="inbox.v1")
        case _:
            raise WebSocketException(1008)
    await websocket.send_text(f"inbox of {users[token]}")
    await websocket.close()


# --8<-- [end:endpoint]

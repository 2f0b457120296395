from fastapi import FastAPI, WebSocket

app = FastAPI()


# --8<-- [start:endpoint]
@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"you said {text}")


# --8<-- [end:endpoint]

import anyio
from fastapi import FastAPI, Request

TARGET = anyio.Path("upload")

app = FastAPI()


# --8<-- [start:endpoint]
@app.put("/files", status_code=201)
async def receive_file(request: Request) -> None:
    body = await request.body()
    await TARGET.write_bytes(body)


# --8<-- [end:endpoint]

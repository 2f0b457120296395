# --8<-- [start:program]
from fastapi import FastAPI, UploadFile
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class PlainForms:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = scope["headers"]
            kind = b" ".join(v for k, v in headers if k == b"content-type").lower()
            if b"multipart" in kind and b"charset" in kind:
                refusal = JSONResponse({"detail": "Send no charset with a form"}, 415)
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


app = FastAPI(max_body_size=20 * 1024 * 1024)
app.add_middleware(PlainForms)  # add it last: it is outermost then


@app.post("/files")
def receive_file(file: UploadFile) -> dict[str, object]:
    return {"name": file.filename, "size": file.size}


# --8<-- [end:program]

import secrets
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query

DOWNLOAD_TOKEN = secrets.token_hex()
app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/download")
def download(token: Annotated[str, Query()]) -> str:
    if not secrets.compare_digest(token.encode(), DOWNLOAD_TOKEN.encode()):
        raise HTTPException(403)
    return "report"
    # --8<-- [end:endpoint]

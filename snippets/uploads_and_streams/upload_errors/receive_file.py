# --8<-- [start:program]
from fastapi import FastAPI, UploadFile

app = FastAPI(max_body_size=20 * 1024 * 1024)


@app.post("/files")
def receive_file(file: UploadFile) -> dict[str, object]:
    return {"name": file.filename, "size": file.size}


# --8<-- [end:program]

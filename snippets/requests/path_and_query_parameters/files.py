from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:files]
@app.get("/names/{name}")
async def read_name(name: str) -> str:
    return name


@app.get("/files/{path:path}")
async def read_file(path: str) -> str:
    return path


@app.get("/search")
async def search(q: str) -> str:
    return q


# --8<-- [end:files]

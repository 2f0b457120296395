from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
async def slug(title: str) -> str:
    return title.lower().replace(" ", "-")


async def path_of(title: str) -> str:
    return "/posts/" + await slug(title)


@app.get("/path")
async def read_path(title: str) -> str:
    return await path_of(title)


# --8<-- [end:endpoint]

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
def slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def path_of(title: str) -> str:
    return "/posts/" + slug(title)


@app.get("/path")
async def read_path(title: str) -> str:
    return path_of(title)


# --8<-- [end:endpoint]

from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from pydantic import BaseModel, Field

app = FastAPI(max_body_size=20 * 1024 * 1024)


# --8<-- [start:model]
class Album(BaseModel):
    title: str = Field(max_length=100)
    tags: list[str] = []
    photos: list[UploadFile] = Field(max_length=20)


@app.post("/albums")
def add_album(
    album: Annotated[Album, Form()],
) -> dict[str, object]:
    names = [photo.filename for photo in album.photos]
    return {"title": album.title, "tags": album.tags, "photos": names}


# --8<-- [end:model]

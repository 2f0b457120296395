from typing import Annotated

from fastapi import FastAPI, Form

# --8<-- [start:limits]
app = FastAPI(
    form_limits={"max_part_size": 4 * 1024 * 1024},
    max_body_size=5 * 1024 * 1024,
)


@app.post("/articles")
def add_article(text: Annotated[str, Form()]) -> int:
    return len(text)


# --8<-- [end:limits]

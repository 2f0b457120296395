from contextvars import ContextVar
from typing import Annotated

from fastapi import Depends, FastAPI, Header

app = FastAPI()

# --8<-- [start:language]
language = ContextVar("language", default="en")


def set_language(
    x_language: Annotated[str, Header()],
) -> None:
    language.set(x_language)  # in a copy: lost


@app.get(
    "/language",
    dependencies=[Depends(set_language)],
)
def read_language() -> str:
    return language.get()  # "en"


# --8<-- [end:language]

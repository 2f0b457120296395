# --8<-- [start:application]
from typing import Any

from fastapi import FastAPI


class Shop(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["info"]["x-logo"] = {"url": "/static/logo.svg"}
        return document


app = Shop()
# --8<-- [end:application]

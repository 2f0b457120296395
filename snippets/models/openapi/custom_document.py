from typing import Any

from fastapi import FastAPI


# --8<-- [start:application]
class Shop(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["info"]["x-logo"] = {"url": "/static/logo.svg"}
        return document


app = Shop()
# --8<-- [end:application]

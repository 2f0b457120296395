# --8<-- [start:application]
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi


class Shop(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            self.openapi_schema = get_openapi(
                title="Shop", version="1", routes=self.routes
            )
            self.openapi_schema["info"]["x-logo"] = {"url": "/static/logo.svg"}
        return self.openapi_schema


app = Shop(servers=[{"url": "https://api.example.com"}])
# --8<-- [end:application]

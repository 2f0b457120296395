# --8<-- [start:program]
from fastapi import FastAPI


def create_app() -> FastAPI:
    app = FastAPI(title="Orders")

    @app.get("/")
    def read_root() -> dict[str, str]:
        return {"message": "Hello"}

    return app


# --8<-- [end:program]

# mypy: disable-error-code="attr-defined"
# --8<-- [start:run]
from fastapi import FastAPI

app = FastAPI()

if __name__ == "__main__":
    app.run(port=8000)
# --8<-- [end:run]

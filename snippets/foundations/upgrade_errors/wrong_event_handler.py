# mypy: disable-error-code="attr-defined"
from fastapi import FastAPI


# --8<-- [start:handler]
def fill() -> None:
    app.state.items = {"7": "Pen"}


app = FastAPI()
app.add_event_handler("startup", fill)
# --8<-- [end:handler]

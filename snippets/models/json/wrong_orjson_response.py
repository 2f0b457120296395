# mypy: disable-error-code="deprecated"
from fastapi import FastAPI
from fastapi.responses import ORJSONResponse

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/items", response_class=ORJSONResponse)
async def items() -> list[dict[str, str]]:
    return [{"name": "tea"}]


# --8<-- [end:endpoint]

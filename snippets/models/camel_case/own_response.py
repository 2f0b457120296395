# --8<-- [start:program]
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

app = FastAPI()


class User(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )
    first_name: str


@app.get("/me", response_model=User)
async def read_me() -> JSONResponse:
    user = User(first_name="Ada")
    content = user.model_dump(mode="json", by_alias=True)
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


# --8<-- [end:program]

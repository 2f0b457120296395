# --8<-- [start:program]
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, PlainSerializer

app = FastAPI()
Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class Sample(BaseModel):
    model_config = ConfigDict(
        ser_json_timedelta="float",  # seconds
        ser_json_bytes="base64",
        ser_json_inf_nan="strings",
    )
    price: Number = Decimal("1.10")
    took: timedelta = timedelta(minutes=90)
    raw: bytes = b"\xff"
    value: float = float("nan")


@app.get("/sample")
async def read_sample() -> Sample:
    return Sample()


# --8<-- [end:program]

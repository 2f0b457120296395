# --8<-- [start:injection]
from typing import Annotated, Literal

from fastapi import Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Settings(BaseModel):
    domain: str = "example.org"


class Mailer:
    def __init__(self, sender: str) -> None:
        self.sender = sender

    def confirm(self, order_id: int) -> str:
        return f"{self.sender}: order {order_id} confirmed"


def get_settings() -> Settings:
    return Settings()


def get_mailer(
    settings: Annotated[Settings, Depends(get_settings)],
    shop: Literal["north", "south"] = "north",  # from the query
) -> Mailer:
    return Mailer(f"{shop}@{settings.domain}")


@app.post("/orders/{order_id}")
def order(order_id: int, mailer: Annotated[Mailer, Depends(get_mailer)]) -> str:
    return mailer.confirm(order_id)


# --8<-- [end:injection]

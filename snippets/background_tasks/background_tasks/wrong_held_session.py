from collections.abc import Iterator
from types import TracebackType
from typing import Annotated, Self

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
events: list[str] = []


class Session:
    """Stands for a database session."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        events.append("session closed")

    def address(self, order_id: int) -> str:
        return f"customer{order_id}@example.com"


def send_mail(address: str) -> None:
    events.append(f"mail to {address}")


def get_session() -> Iterator[Session]:
    with Session() as session:
        yield session


# --8<-- [start:endpoint]
CurrentSession = Annotated[
    Session,
    Depends(get_session),
]


def send_receipt(session: Session, number: int) -> None:
    send_mail(session.address(number))


@app.post("/orders/{number}", status_code=201)
def create_order(
    number: int,
    session: CurrentSession,
    tasks: BackgroundTasks,
) -> None:
    tasks.add_task(send_receipt, session, number)


# --8<-- [end:endpoint]

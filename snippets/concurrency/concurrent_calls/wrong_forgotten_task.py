import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI


class Mailbox:
    """Stands for a session, a connection, an open file …"""

    is_open = True

    async def send(self, text: str) -> None:
        await asyncio.sleep(1)


async def get_mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    try:
        yield mailbox
    finally:
        mailbox.is_open = False


app = FastAPI()


# --8<-- [start:endpoint]
@app.post("/orders")
async def order(
    mailbox: Annotated[
        Mailbox,
        Depends(get_mailbox),
    ],
) -> dict[str, str]:
    asyncio.create_task(mailbox.send("Order"))
    return {"status": "accepted"}


# --8<-- [end:endpoint]

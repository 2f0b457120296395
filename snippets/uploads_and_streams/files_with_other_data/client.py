import json
from typing import BinaryIO

import httpx2


# --8<-- [start:client]
def add_order(
    client: httpx2.Client,
    order: dict[str, object],
    contract: BinaryIO,
) -> httpx2.Response:
    return client.post(
        "/orders",
        data={"order": json.dumps(order)},
        files={"contract": contract},
    )


# --8<-- [end:client]

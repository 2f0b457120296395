import json

import httpx2


# --8<-- [start:client]
def create_order(
    client: httpx2.Client,
    order: dict[str, object],
) -> httpx2.Response:
    url = "/shops/1/orders"
    text = json.dumps(order)
    return client.post(url, json=text)


# --8<-- [end:client]

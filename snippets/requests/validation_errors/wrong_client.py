import json

import httpx2


# --8<-- [start:client]
def create_order(client: httpx2.Client, order: dict[str, object]) -> httpx2.Response:
    path = "/shops/1/orders"
    return client.post(path, json=json.dumps(order))


# --8<-- [end:client]

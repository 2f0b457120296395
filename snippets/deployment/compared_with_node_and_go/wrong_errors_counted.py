from time import perf_counter

import httpx2


# --8<-- [start:ask]
async def ask(client: httpx2.AsyncClient, url: str) -> float:
    start = perf_counter()
    await client.get(url)
    return perf_counter() - start


# --8<-- [end:ask]

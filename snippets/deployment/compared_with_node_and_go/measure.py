# --8<-- [start:program]
import asyncio
import statistics
from time import perf_counter

import httpx2

URL = "http://127.0.0.1:8000/orders"
PER_SECOND = 50


async def ask(client: httpx2.AsyncClient, url: str, planned: float) -> float:
    await asyncio.sleep(max(0, planned - perf_counter()))
    response = await client.get(url)
    response.raise_for_status()
    return perf_counter() - planned


async def measure(url: str, per_second: float, seconds: float) -> list[float]:
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(limits=limits, timeout=30) as client:
        for _ in range(100):  # warm up
            (await client.get(url)).raise_for_status()
        start = perf_counter() + 0.1
        plan = [start + n / per_second for n in range(int(per_second * seconds))]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(client, url, planned)) for planned in plan]
    return [task.result() for task in tasks]


def show(times: list[float]) -> None:
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    for percent in (50, 95, 99):
        print(f"{percent} %: {percentiles[percent - 1] * 1000:.1f} ms")


if __name__ == "__main__":
    show(asyncio.run(measure(URL, PER_SECOND, seconds=20)))
# --8<-- [end:program]

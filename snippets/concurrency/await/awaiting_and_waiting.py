# --8<-- [start:program]
import asyncio


async def add(a: int, b: int) -> int:
    return a + b  # awaits nothing


async def other_task() -> None:
    print("other task runs")


async def main() -> None:
    other = asyncio.create_task(other_task())
    print(await add(1, 2))
    print("awaited add()")
    await asyncio.sleep(0)  # suspends once
    print("awaited sleep()")
    await other


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:program]

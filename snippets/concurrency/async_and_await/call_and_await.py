# --8<-- [start:program]
import asyncio


async def load_name() -> str:
    print("load_name runs")
    await asyncio.sleep(0)  # stands for a query
    return "admin"


async def main() -> None:
    coroutine = load_name()
    print("called:", type(coroutine).__name__)
    name = await coroutine
    print("awaited:", name)


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:program]

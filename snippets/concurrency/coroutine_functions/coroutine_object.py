# --8<-- [start:program]
import asyncio
import inspect


async def load_user(user_id: int) -> dict[str, int]:
    print("the body runs")
    return {"id": user_id}


def main() -> None:
    print(inspect.iscoroutinefunction(load_user))
    call = load_user(7)  # runs nothing yet
    print(type(call).__name__)
    print(asyncio.run(call))


if __name__ == "__main__":
    main()
# --8<-- [end:program]

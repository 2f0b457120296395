import asyncio
from collections.abc import Iterator

import pytest

loops: list[asyncio.AbstractEventLoop] = []


# --8<-- [start:check]
@pytest.fixture(scope="session")
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


# --8<-- [end:check]
@pytest.mark.asyncio
@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_test_has_another_loop(time: str) -> None:
    assert asyncio.get_running_loop() not in loops
    loops.append(asyncio.get_running_loop())


@pytest.mark.asyncio
async def test_the_loop_of_the_fixture_does_not_run(
    event_loop: asyncio.AbstractEventLoop,
) -> None:
    assert event_loop is not asyncio.get_running_loop()

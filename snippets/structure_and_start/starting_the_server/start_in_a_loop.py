# --8<-- [start:program]
import asyncio

import uvicorn
from fastapi import FastAPI

app = FastAPI()


async def main() -> None:
    config = uvicorn.Config(app, host="127.0.0.1", port=8000)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:program]

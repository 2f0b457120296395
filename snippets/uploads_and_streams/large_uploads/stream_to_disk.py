# --8<-- [start:program]
from uuid import uuid4

import anyio
from fastapi import FastAPI, HTTPException, Request
from starlette.requests import ClientDisconnect

FOLDER = anyio.Path("uploads")
LARGEST = 5 * 1024**3
LONGEST = 3600.0  # seconds

app = FastAPI(max_body_size=1024**2)


@app.put("/files", status_code=201, max_body_size=LARGEST)
async def receive_file(request: Request) -> dict[str, str]:
    await FOLDER.mkdir(exist_ok=True)
    name = uuid4().hex
    partial = FOLDER / f"{name}.part"
    try:
        async with await partial.open("xb") as target:
            with anyio.fail_after(LONGEST):
                async for chunk in request.stream():
                    await target.write(chunk)
        await partial.rename(FOLDER / name)
    except ClientDisconnect:
        raise HTTPException(400, "The upload broke off.") from None
    except TimeoutError:
        raise HTTPException(408, "The upload took too long.") from None
    finally:
        with anyio.CancelScope(shield=True):
            await partial.unlink(missing_ok=True)
    return {"name": name}


# --8<-- [end:program]

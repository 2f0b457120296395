from typing import Annotated

from anyio import from_thread
from fastapi import Depends

from snippets.websockets.message_from_a_route.changes import Hub, app, get_hub


# --8<-- [start:route]
@app.post("/orders/{order_id}/ready")
def ready(order_id: int, hub: Annotated[Hub, Depends(get_hub)]) -> dict[str, int]:
    told = from_thread.run_sync(hub.publish, order_id, "ready")
    return {"told": told}


# --8<-- [end:route]

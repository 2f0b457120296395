from pathlib import Path

import httpx2


# --8<-- [start:client]
def send_file(client: httpx2.Client, path: Path) -> httpx2.Response:
    with path.open("rb") as file:
        return client.post("/files", files={"file": file})


# --8<-- [end:client]

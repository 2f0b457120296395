from pathlib import Path

import httpx2


# --8<-- [start:client]
def send_file(client: httpx2.Client, path: Path) -> httpx2.Response:
    headers = {"Content-Type": "multipart/form-data"}
    with path.open("rb") as file:
        return client.post("/files", files={"file": file}, headers=headers)


# --8<-- [end:client]
